# allowaudit 0.1.0 fix, exchange: 3 changes
# Tenant: `woodgrove`. Look whether the session is connected to it.
# Without a parameter it shows what would happen and changes nothing; with -Apply it makes the changes.
param([switch] $Apply)

# 3 changes for Exchange Online, planned by allowaudit.
# Run it in Exchange Online PowerShell, after `Connect-ExchangeOnline`.
# Names and values are literal; what is not printable ASCII is written as [char] codes.
# Commands that remove or disable something ask first.

if (-not $Apply) {
# Step 1 of 3: transport-rule
Set-TransportRule -Identity 'INFIMA' -Priority 0 -WhatIf
# Step 2 of 3: connection-filter
Set-HostedConnectionFilterPolicy -Identity 'Default' -EnableSafeList $false -WhatIf
# Step 3 of 3: inbound-connector
Set-InboundConnector -Identity 'Line of business' -TreatMessagesAsInternal $false -WhatIf
}

if ($Apply) {
# Step 1 of 3: transport-rule
Set-TransportRule -Identity 'INFIMA' -Priority 0
# Step 2 of 3: connection-filter
Set-HostedConnectionFilterPolicy -Identity 'Default' -EnableSafeList $false
# Step 3 of 3: inbound-connector
Set-InboundConnector -Identity 'Line of business' -TreatMessagesAsInternal $false
}
