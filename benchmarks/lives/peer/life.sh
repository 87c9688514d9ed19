#!/usr/bin/env bash
# The same life by hand: bare terraform and curl, as a careful administrator would script it.
#
# life.sh <at_deploy|none|in_window|scheduled>, beside main.tf. The environment signs terraform in (ARM_*); CALLER_ID and
# CALLER_SECRET sign curl in; GRAPH, AUTHORITY, TENANT and LOGIN say where and whom, MINUTES how long the window is, and
# SINK where passes and the password go.
set -euo pipefail

elevation=$1
global_admin=62e90394-69f5-4237-9190-012177145e10
terraform=${TERRAFORM_BINARY_NAME:-terraform}

# Terraform asks nothing and says little; curl fails on refusals and tries again what a service asks to try again.
apply() { "$terraform" apply -input=false -no-color -auto-approve "-var=login=$LOGIN" "-var=elevated=$1" \
  "-var=dashboard=$dashboard" >>terraform.log; }
output() { "$terraform" output -raw "$1"; }
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
graph() {
  local method=$1 path=$2
  shift 2
  curl --silent --show-error --fail-with-body --cacert "$SSL_CERT_FILE" --retry 5 --request "$method" \
    --header "Authorization: Bearer $token" --header "Content-Type: application/json" "$@" "$GRAPH/v1.0/$path"
}
password() { python3 -c 'import secrets; print("Aa1!" + secrets.token_urlsafe(24))'; }
set_password() {
  graph PATCH "users/$account" --data "{\"passwordProfile\":{\"password\":\"$1\",\"forceChangePasswordNextSignIn\":false}}"
}
set_enabled() { graph PATCH "users/$account" --data "{\"accountEnabled\":$1}"; }
passes=authentication/temporaryAccessPassMethods
issue_pass() {
  graph POST "users/$account/$passes" --data "{\"isUsableOnce\":true,\"lifetimeInMinutes\":$MINUTES}" |
    (umask 077 && field temporaryAccessPass >"$SINK/$1.new" && mv "$SINK/$1.new" "$SINK/$1")
}
drop_passes() {
  graph GET "users/$account/$passes" |
    python3 -c 'import json, sys; [print(entry["id"]) for entry in json.load(sys.stdin)["value"]]' |
    while read -r id; do graph DELETE "users/$account/$passes/$id"; done
}

person=no dashboard=true
if [ "$elevation" = in_window ] || [ "$elevation" = scheduled ]; then person=yes dashboard=false; fi

"$terraform" init -input=false -no-color >terraform.log
apply "$([ "$elevation" = at_deploy ] && echo true || echo false)"
account=$(output account_id) client=$(output client_id)
token=$(curl --silent --show-error --fail-with-body --cacert "$SSL_CERT_FILE" "$AUTHORITY/$TENANT/oauth2/v2.0/token" \
  --data grant_type=client_credentials --data "client_id=$CALLER_ID" --data-urlencode "client_secret=$CALLER_SECRET" \
  --data-urlencode "scope=$GRAPH/.default" | field access_token)
api=$(graph GET "servicePrincipals(appId='00000003-0000-0000-c000-000000000000')?\$select=id" | field id)

if [ "$person" = yes ]; then
  # The person enrols a second factor with a one-time pass while the account may do nothing.
  set_password "$(password)"
  issue_pass 1.pass
  set_enabled true
  until graph GET "users/$account/authentication/methods" | grep -q -i -e microsoftAuthenticator -e softwareOath -e fido2; do
    sleep 1
  done
  issue_pass 2.pass
fi
if [ "$elevation" = in_window ]; then apply true; fi
if [ "$elevation" = scheduled ]; then
  ends=$(date -u -d "+$MINUTES minutes" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -v "+${MINUTES}M" +%Y-%m-%dT%H:%M:%SZ)
  request="\"principalId\":\"$account\",\"roleDefinitionId\":\"$global_admin\",\"directoryScopeId\":\"/\""
  graph POST roleManagement/directory/roleAssignmentScheduleRequests --data "{\"action\":\"adminAssign\",$request,
    \"justification\":\"one-time consent\",
    \"scheduleInfo\":{\"expiration\":{\"type\":\"afterDateTime\",\"endDateTime\":\"$ends\"}}}" >/dev/null
fi

for permission in $(output permissions); do
  graph POST "servicePrincipals/$api/appRoleAssignedTo" \
    --data "{\"principalId\":\"$client\",\"resourceId\":\"$api\",\"appRoleId\":\"$permission\"}" >/dev/null
done
graph POST oauth2PermissionGrants --data "{\"clientId\":\"$client\",\"resourceId\":\"$api\",
  \"consentType\":\"AllPrincipals\",\"scope\":\"User.Read offline_access\"}" >/dev/null

if [ "$person" = yes ]; then
  # The person's first sign-in to the dashboard.
  until graph GET "auditLogs/signIns?\$filter=userId%20eq%20'$account'" | grep -q '"appDisplayName": *"CiraSync"'; do
    sleep 1
  done
fi

# The demotion.
case $elevation in
at_deploy | in_window) apply false ;;
scheduled)
  # Privileged Identity Management takes nothing back that is younger than five minutes.
  until graph POST roleManagement/directory/roleAssignmentScheduleRequests --data "{\"action\":\"adminRemove\",$request,
    \"justification\":\"one-time consent\"}" >/dev/null 2>&1; do sleep 5; done
  ;;
esac
if [ "$person" = yes ]; then
  set_enabled false
  graph POST "users/$account/revokeSignInSessions" >/dev/null
  drop_passes
  lasting=$(password)
  (umask 077 && printf '%s\n' "$lasting" >"$SINK/account.password")
  set_password "$lasting"
  set_enabled true
else
  set_password "$(password)"
fi
