"""What the scripts beside it share: a small text, calls of gradus on one process and on many, and what they leave."""
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
GRADUS = os.environ.get("GRADUS", str(ROOT / "build/release/gradus"))
MPIRUN = os.environ.get("MPIRUN", "mpirun")
# Open MPI wants to be told that more ranks than cores, and ranks of root in a container, are meant.
ENVIRONMENT = os.environ | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                            "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none"}


def need():
    """Ends the script with a sentence where something is missing."""
    if shutil.which(MPIRUN) is None:
        raise SystemExit(f"{MPIRUN} is not here; scripts/setup mpi installs it")
    if not pathlib.Path(GRADUS).exists():
        raise SystemExit(f"{GRADUS} is not here; scripts/build release makes it, or GRADUS names another")


def toy_text(folder, stories):
    if not (folder / "toy").exists():
        subprocess.run([GRADUS, "corpus", "toy", "--out", folder / "toy", "--stories", str(stories)], check=True,
                       stdout=subprocess.DEVNULL)
    return folder / "toy/train.txt"


def start(ranks, words):
    """The process of a run: of gradus itself for one rank, else of mpirun."""
    launcher = [MPIRUN, "-n", str(ranks)] if ranks > 1 else []
    return subprocess.Popen([*launcher, GRADUS, *map(str, words)], env=ENVIRONMENT, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def run(ranks, words):
    process = start(ranks, words)
    out, errors = process.communicate()
    if process.returncode != 0:
        raise SystemExit(f"gradus on {ranks} ranks ended with {process.returncode}:\n{errors}")
    return out


def processes_of(process):
    """The numbers of the ranks that a run has started."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,comm="], capture_output=True, text=True).stdout.split("\n")
    rows = [line.split(None, 2) for line in listed if line.strip()]
    family, grown = {process.pid}, True
    while grown:
        more = {int(pid) for pid, parent, _ in rows if int(parent) in family} - family
        family |= more
        grown = bool(more)
    return [int(pid) for pid, _, name in rows if int(pid) in family and name == "gradus"]


def is_alive(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return state != "Z"
    except OSError:
        return False


def hash_of(folder):
    """Of the weights and the moments that a finished run leaves."""
    newest = max((folder / "checkpoints").iterdir(), key=lambda place: int(place.name.split("-")[1]))
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes())
    digest.update((newest / "optimizer.safetensors").read_bytes())
    return digest.hexdigest()[:16]


def steps_saved(folder):
    places = (folder / "checkpoints").glob("step-*") if (folder / "checkpoints").exists() else []
    return sorted(int(place.name.split("-")[1]) for place in places)


def cut(ranks, words, folder, step, how):
    """Starts a run and ends it once it has saved this step: with Ctrl-C, or by killing one rank."""
    process = start(ranks, words)
    while process.poll() is None and not any(saved >= step for saved in steps_saved(folder)):
        time.sleep(0.002)
    if process.poll() is None:
        if how == "kill":
            os.kill(processes_of(process)[-1], signal.SIGKILL)
        else:
            process.send_signal(signal.SIGINT)
    process.communicate()
