#!/usr/bin/env python3
"""Writes digits-images.npy and digits-labels.npy from the copy of UCI digits that scikit-learn carries.

    /usr/bin/python3 make_digits.py [DIRECTORY]      (Debian: python3-sklearn)

The pixel values 0..16 and the labels 0..9 are whole numbers: one byte each loses nothing.
"""
import hashlib
import pathlib
import sys

import numpy as np
from sklearn.datasets import load_digits

EXPECTED = {  # SHA-256 of the array bytes, without the npy header
    "images": "8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3",
    "labels": "8ba4f891220f5e4c9c819638d1602d74b83618f167043c6da52a2a247841ddf0",
}


def main():
    directory = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    digits = load_digits()
    for name, values in (("images", digits.data), ("labels", digits.target)):
        stored = np.ascontiguousarray(values, dtype=np.uint8)
        if not np.array_equal(stored, values):
            sys.exit(f"{name}: a value is not a whole number in 0..255")
        found = hashlib.sha256(stored.tobytes()).hexdigest()
        if found != EXPECTED[name]:
            sys.exit(f"{name}: expected SHA-256 {EXPECTED[name]}, found {found}: another edition of the data set?")
        np.save(directory / f"digits-{name}.npy", stored)
        print(f"digits-{name}.npy  {stored.shape}  {found}")


if __name__ == "__main__":
    main()
