"""One call of the unmodified msgraph-sdk for every row of the table that names it as a witness."""
