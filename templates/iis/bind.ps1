# {{label}}, until {{leaf.notAfter}}. As an administrator, where the files are: .\bind.ps1 -Site 'Default Web Site'
param([string] $Site = 'Default Web Site', [int] $Port = {{set.port}})
$ErrorActionPreference = 'Stop'
Import-Module WebAdministration

$password = Read-Host -AsSecureString 'Password of {{file.key-p12}}'
Import-PfxCertificate -FilePath "$PSScriptRoot\{{file.key-p12}}" -CertStoreLocation Cert:\LocalMachine\My -Password $password
{{#intermediates}}
# IIS sends the intermediates that it finds here.
Import-Certificate -FilePath "$PSScriptRoot\{{file.ca-p7b}}" -CertStoreLocation Cert:\LocalMachine\CA
{{/intermediates}}

if (-not (Get-WebBinding -Name $Site -Protocol https -Port $Port)) {
  New-WebBinding -Name $Site -Protocol https -Port $Port -IPAddress '*'
}
(Get-WebBinding -Name $Site -Protocol https -Port $Port).AddSslCertificate('{{leaf.thumbprint}}', 'My')
{{#set.mutual}}

# The CA has to be trusted here, to know its clients.
Import-Certificate -FilePath "$PSScriptRoot\{{file.ca-der}}" -CertStoreLocation Cert:\LocalMachine\Root
Set-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Location $Site -Filter 'system.webServer/security/access' -Name sslFlags -Value 'Ssl,SslNegotiateCert,SslRequireCert'
{{/set.mutual}}
