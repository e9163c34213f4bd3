# Installs Debian's AWS CLI, where it is not there yet.
set -eu

if dpkg-query -W -f='${Status}' awscli 2>/dev/null | grep -q ' installed$'; then
  exit 0
fi
as_root=
[ "$(id -u)" = 0 ] || as_root=sudo
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends awscli
