#!/bin/sh
# Certificates for a list of hosts, as a provisioning script makes them: no questions, JSON out, exit codes heeded.
# Prints a line for each host: its name, when the certificate ends, and the path of its key.
#
#   sh issue.sh OUT HOST...
#
# LOCAL_CA is the command to run (local-ca unless set), LOCAL_CA_HOME the folder of the CA.
set -eu
: "${LOCAL_CA:=local-ca}"
out=$1
shift

# A field of the JSON on stdin. Where local-ca runs there is node, so nothing else is needed.
field() {
  node -p "JSON.parse(require('node:fs').readFileSync(0, 'utf8'))$1"
}

# The CA is made by the first run. Any other error than its absence is left for `issue` to report.
if [ "$($LOCAL_CA list --json 2>/dev/null | field '.error?.code')" = LOCAL_CA_HOME_MISSING ]; then
  $LOCAL_CA init --yes --quiet --name 'Provisioning CA' >/dev/null
fi

for host in "$@"; do
  # set -e: a refusal stops the script with local-ca's own exit code, and its two lines are on stderr.
  answer=$($LOCAL_CA issue "$host" --template nginx --out "$out/$host" --yes --quiet --json)
  end=$(printf '%s' "$answer" | field '.notAfter')
  key=$(printf '%s' "$answer" | field '.files.find((file) => file.secret).path')
  printf '%s\t%s\t%s\n' "$host" "$end" "$key"
done
