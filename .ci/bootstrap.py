"""Sets up everything Assay needs and does nothing when it is already there.

    python3 .ci/bootstrap.py run     virtual environment and what the app needs
    python3 .ci/bootstrap.py test    the same, plus what tests and training need

Standard library only: this is the one file that runs before anything is installed.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "assay" / "wheels"

# Debian package → a file or program that proves it is there.
SYSTEM = {
    "run": {
        "g++": "/usr/bin/g++",
        "make": "/usr/bin/make",
        "python3-dev": str(Path(sysconfig.get_paths()["include"]) / "Python.h"),
        "libegl1": "libEGL.so.1",
        "libgl1": "libGL.so.1",
        "libfontconfig1": "libfontconfig.so.1",
        "libdbus-1-3": "libdbus-1.so.3",
        "libxkbcommon-x11-0": "libxkbcommon-x11.so.0",
        "libxcb-cursor0": "libxcb-cursor.so.0",
        "libxcb-icccm4": "libxcb-icccm.so.4",
        "libxcb-image0": "libxcb-image.so.0",
        "libxcb-keysyms1": "libxcb-keysyms.so.1",
        "libxcb-render-util0": "libxcb-render-util.so.0",
        "libxcb-xkb1": "libxcb-xkb.so.1",
        "libxcb-shape0": "libxcb-shape.so.0",
        "fonts-dejavu-core": "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    },
    "test": {"strace": "/usr/bin/strace", "chromium": "/usr/bin/chromium"},
}
# llama-cpp-python without what Assay never calls: the multimodal library and,
# through llama.cmake, llama.cpp's "common" library. Unity builds compile the
# 150 model files in a few batches.
LLAMA_CMAKE = {
    "LLAVA_BUILD": "OFF",
    "CMAKE_UNITY_BUILD": "ON",
    "CMAKE_PROJECT_llama.cpp_INCLUDE": str(ROOT / ".ci" / "llama.cmake"),
}


class SetupError(Exception):
    """Something the person at the keyboard has to mend; the message says what."""


def main() -> int:
    wanted = sys.argv[1] if len(sys.argv) > 1 else "run"
    try:
        if sys.version_info < (3, 11):
            raise SetupError(
                f"Assay needs Python 3.11 or newer; this is {platform.python_version()}."
            )
        mark = VENV / f"ready-{wanted}"
        fingerprint = _fingerprint()
        if mark.is_file() and mark.read_text() == fingerprint:
            return 0
        started = time.monotonic()
        _system_packages(wanted)
        _venv()
        _llama()
        _packages(wanted)
        mark.write_text(fingerprint)
        _say(f"set-up finished in {time.monotonic() - started:.0f} s")
    except SetupError as error:
        print(f"\nAssay could not be set up. {error}", file=sys.stderr)
        return 1
    return 0


def _say(text: str) -> None:
    print(f"[assay] {text}", flush=True)


def _fingerprint() -> str:
    """Changes whenever a pin, this script or the interpreter changes."""
    digest = hashlib.sha256(sys.version.encode() + str(ROOT).encode())
    for path in (ROOT / "pyproject.toml", Path(__file__), ROOT / ".ci" / "llama.cmake"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _system_packages(wanted: str) -> None:
    """Installs missing Debian packages when root, else names them in one message."""
    needed = SYSTEM["run"] | (SYSTEM["test"] if wanted == "test" else {})
    if not _importable("venv", "ensurepip"):
        needed["python3-venv"] = "/nonexistent"
    libraries = subprocess.run(
        ["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=False
    ).stdout
    missing = [
        package
        for package, proof in needed.items()
        if not (Path(proof).exists() if proof.startswith("/") else proof in libraries)
    ]
    if not missing:
        return
    command = "apt-get install -y --no-install-recommends " + " ".join(missing)
    if not shutil.which("apt-get"):
        raise SetupError(f"These system packages (Debian names) are needed: {' '.join(missing)}")
    if os.geteuid() != 0:
        raise SetupError(f"Some system packages are missing. Please run:\n\n    sudo {command}\n")
    _say("installing system packages: " + " ".join(missing))
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=False, env=environment)
    if subprocess.run([*command.split(), "-qq"], check=False, env=environment).returncode:
        raise SetupError(f"This failed: {command}")


def _importable(*names: str) -> bool:
    code = ";".join(f"import {name}" for name in names)
    return subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _venv() -> None:
    if PYTHON.exists() and _pip("--version", quiet=True) == 0:
        return
    _say("creating the virtual environment")
    if subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=False).returncode:
        raise SetupError("The virtual environment could not be created (is python3-venv there?).")


def _pip(*arguments: str, quiet: bool = False) -> int:
    command = [PYTHON, "-m", "pip", "--disable-pip-version-check", *arguments]
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, check=False, cwd=ROOT, stdout=output, stderr=output).returncode


def _llama() -> None:
    """Builds llama-cpp-python once for this processor and keeps the wheel for later set-ups."""
    pin = next(d for d in _project()["dependencies"] if d.startswith("llama-cpp-python"))
    key = hashlib.sha256(
        "\n".join([pin, sys.version, platform.machine(), _processor(), _trim()]).encode()
    ).hexdigest()[:16]
    folder = CACHE / key
    if not list(folder.glob("llama_cpp_python-*.whl")):
        _build_llama(pin, folder)
    wheel = next(folder.glob("llama_cpp_python-*.whl"))
    if _pip("install", "-q", "--no-deps", "--force-reinstall", str(wheel)):
        raise SetupError("The llama.cpp engine could not be installed.")
    # llama.cpp's own install rules leave a second copy of its libraries here.
    site = Path(
        subprocess.check_output(
            [PYTHON, "-c", "import sysconfig; print(sysconfig.get_paths()['platlib'])"], text=True
        ).strip()
    )
    for stray in ("lib", "include", "bin"):
        if (site / stray).is_dir():
            shutil.rmtree(site / stray)


def _project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def _trim() -> str:
    return (ROOT / ".ci" / "llama.cmake").read_text() + str(
        sorted((k, v) for k, v in LLAMA_CMAKE.items() if "INCLUDE" not in k)
    )


def _processor() -> str:
    """The instruction sets: a build for this processor may not run on a lesser one."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return platform.processor()
    match = re.search(r"^(flags|Features)\s*:\s*(.*)$", cpuinfo.read_text(), re.M)
    return match.group(2) if match else platform.processor()


def _build_llama(pin: str, folder: Path) -> None:
    _say("building the llama.cpp engine (once; about 2–4 minutes on two cores)")
    folder.mkdir(parents=True, exist_ok=True)
    arguments = " ".join(f"-D{name}={value}" for name, value in LLAMA_CMAKE.items())
    environment = os.environ | {"CMAKE_ARGS": arguments}
    command = [PYTHON, "-m", "pip", "--disable-pip-version-check", "wheel", "-v", "--no-deps"]
    command += ["--no-cache-dir", "--no-binary", "llama-cpp-python", "-w", folder, pin]
    started, shown, tail = time.monotonic(), 0, []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            tail = [*tail[-40:], line]
            step = re.search(r"\[(\d+)/(\d+)\]", line)
            if step and int(step[1]) * 10 // int(step[2]) > shown:
                shown = int(step[1]) * 10 // int(step[2])
                _say(f"  engine {shown * 10} %, {time.monotonic() - started:.0f} s")
    if process.returncode:
        print("".join(tail), file=sys.stderr)
        raise SetupError("The llama.cpp engine did not build; the last lines are above.")
    _say(f"  engine built in {time.monotonic() - started:.0f} s")


def _packages(wanted: str) -> None:
    extras = "[dev,train]" if wanted == "test" else ""
    _say("installing Python packages" + (" for tests and training" if extras else ""))
    if _pip("install", "-q", "-e", f".{extras}"):
        raise SetupError("The Python packages could not be installed (see the lines above).")


if __name__ == "__main__":
    sys.exit(main())
