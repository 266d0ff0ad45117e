"""What the real Caffe answered, as recorded by `generate`."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

DATA = Path(__file__).parents[2] / "data" / "caffe"


@dataclass(frozen=True)
class Reference:
    """One recorded case: the two files of the net, what was fed and what came out, in order."""

    family: str
    name: str

    def extract(self, folder: Path) -> tuple[Path, Path, dict[str, np.ndarray], list[tuple[str, np.ndarray]]]:
        """Prototxt, caffemodel, inputs by name, outputs in Caffe's order."""
        with zipfile.ZipFile(DATA / "layers" / f"{self.family}.zip") as archive:
            for suffix in (".prototxt", ".caffemodel"):
                archive.extract(self.name + suffix, folder)
            arrays = np.load(io.BytesIO(archive.read(self.name + ".npz")))
            inputs = {key[3:]: arrays[key] for key in arrays.files if key.startswith("in:")}
            numbered = sorted((int(key.split(":", 2)[1]), key) for key in arrays.files if key.startswith("out:"))
        outputs = [(key.split(":", 2)[2], arrays[key]) for _, key in numbered]
        return folder / f"{self.name}.prototxt", folder / f"{self.name}.caffemodel", inputs, outputs


def references() -> list[Reference]:
    """All recorded layer cases."""
    found = []
    for path in sorted((DATA / "layers").glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            names = sorted(Path(name).stem for name in archive.namelist() if name.endswith(".npz"))
        found += [Reference(path.stem, name) for name in names]
    return found
