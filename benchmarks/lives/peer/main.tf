# What a careful administrator would write by hand: the account, MFA for it, the application, and the role while asked.

terraform {
  required_providers {
    azuread = { source = "hashicorp/azuread", version = "3.7.0" }
  }
}

variable "elevated" {
  description = "Whether the account is to be Global Administrator."
  type        = bool
  default     = false
}

variable "dashboard" {
  description = "Whether groups are given roles of the dashboard; whoever signs in then needs one of them."
  type        = bool
  default     = true
}

variable "login" {
  type = string
}

locals {
  # Contacts.ReadWrite, Calendars.ReadWrite and User.Read.All of Microsoft Graph; then User.Read and offline_access.
  graph              = "00000003-0000-0000-c000-000000000000"
  permissions        = ["6918b873-d17a-4dc1-b314-35f528134491", "ef54d2bf-783f-4e0f-bca1-3210c0444d99", "df021288-bdef-4463-88db-98f22de89214"]
  scopes             = ["e1fe6dd8-ba31-4d61-89e7-88639da4683d", "7427e0e9-2fba-42fe-b0c0-848c9e6a8182"]
  global_admin       = "62e90394-69f5-4237-9190-012177145e10"
  full_administrator = "5f0a54a7-5c11-4f7e-8a43-30a2a3f6a001"
  view_only          = "5f0a54a7-5c11-4f7e-8a43-30a2a3f6a002"
}

data "azuread_client_config" "deployer" {}

data "azuread_group" "break_glass" {
  display_name     = "sg-breakglass"
  security_enabled = true
}

data "azuread_group" "administrators" {
  display_name     = "sg-contacts-admins"
  security_enabled = true
}

data "azuread_group" "readers" {
  display_name     = "sg-dashboard-readers"
  security_enabled = true
}

resource "azuread_user" "account" {
  user_principal_name = var.login
  display_name        = "Jordan Keller"
  mail_nickname       = split("@", var.login)[0]
  usage_location      = "US"
  account_enabled     = false
  password            = "Aa1!${uuid()}"

  lifecycle {
    ignore_changes = [password, account_enabled]
  }
}

resource "azuread_conditional_access_policy" "mfa" {
  display_name = "Require MFA for ${var.login}"
  state        = "enabled"

  conditions {
    client_app_types = ["all"]
    applications {
      included_applications = ["All"]
    }
    users {
      included_users  = [azuread_user.account.object_id]
      excluded_groups = [data.azuread_group.break_glass.object_id]
    }
  }

  grant_controls {
    operator          = "OR"
    built_in_controls = ["mfa"]
  }
}

resource "azuread_application" "cirasync" {
  display_name     = "CiraSync"
  sign_in_audience = "AzureADMyOrg"
  owners           = [data.azuread_client_config.deployer.object_id]

  dynamic "app_role" {
    for_each = var.dashboard ? { "Full Administrator" = local.full_administrator, "Dashboard View Only" = local.view_only } : {}
    content {
      id                   = app_role.value
      value                = replace(app_role.key, " ", "")
      display_name         = app_role.key
      description          = "${app_role.key} of the dashboard"
      allowed_member_types = ["User"]
    }
  }

  required_resource_access {
    resource_app_id = local.graph
    dynamic "resource_access" {
      for_each = local.permissions
      content {
        id   = resource_access.value
        type = "Role"
      }
    }
    dynamic "resource_access" {
      for_each = local.scopes
      content {
        id   = resource_access.value
        type = "Scope"
      }
    }
  }

  web {
    redirect_uris = ["https://dashboard.contoso.example/callback"]
  }
}

resource "azuread_service_principal" "cirasync" {
  client_id                    = azuread_application.cirasync.client_id
  owners                       = [data.azuread_client_config.deployer.object_id]
  app_role_assignment_required = var.dashboard
}

resource "azuread_app_role_assignment" "administrators" {
  count               = var.dashboard ? 1 : 0
  app_role_id         = local.full_administrator
  principal_object_id = data.azuread_group.administrators.object_id
  resource_object_id  = azuread_service_principal.cirasync.object_id
}

resource "azuread_app_role_assignment" "readers" {
  count               = var.dashboard ? 1 : 0
  app_role_id         = local.view_only
  principal_object_id = data.azuread_group.readers.object_id
  resource_object_id  = azuread_service_principal.cirasync.object_id
}

resource "azuread_directory_role_assignment" "global_administrator" {
  count               = var.elevated ? 1 : 0
  role_id             = local.global_admin
  principal_object_id = azuread_user.account.object_id
  depends_on          = [azuread_conditional_access_policy.mfa]
}

output "account_id" {
  value = azuread_user.account.object_id
}

output "client_id" {
  value = azuread_service_principal.cirasync.object_id
}

output "permissions" {
  value = join(" ", local.permissions)
}
