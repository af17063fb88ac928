"""How NumPy prints arrays (tests/fixtures/numpy/print.txt), and .npy files beside it.

A case of print.txt is a line "== NAME DTYPE SIZES", a line with the values (hexadecimal, so that they are exact),
and the text of str().
"""
import pathlib

import numpy as np

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests/fixtures/numpy"


def cases():
    rng = np.random.default_rng(20240902)
    f32, f64 = np.float32, np.float64
    yield "simple", np.array([1, 2.5, -3], f32)
    yield "whole", np.array([1, 2, 3], f64)
    yield "thirds", np.array([1 / 3, 2 / 3, 1], f64)
    yield "thirds32", np.array([1 / 3, 2 / 3, 1], f32)
    yield "ratio", np.array([1, 1000.5, 0.25], f64)
    yield "ratio_over", np.array([1, 1001, -0.25], f64)
    yield "small", np.array([1e-5, 2e-4], f64)
    yield "edge_small", np.array([1e-4, 2e-4], f32)
    yield "large", np.array([123456789.0, 1e8], f64)
    yield "below_large", np.array([99999990.0, 12345678.0], f32)
    yield "below_large64", np.array([99999990.0, 12345678.0], f64)
    yield "below_large32", np.array([999999.0, 123456.0], f32)
    yield "huge", np.array([1e100, -1e-100, 0], f64)
    yield "max32", np.array([3.4028235e38, 1e-45], f32)
    yield "nonfinite", np.array([np.nan, np.inf, -np.inf, 1.5], f64)
    yield "nan_only", np.array([np.nan, np.nan], f32)
    yield "inf_whole", np.array([np.inf, 1], f64)
    yield "neg_inf_whole", np.array([-np.inf, 1], f64)
    yield "nan_scientific", np.array([np.nan, 1e10], f64)
    yield "zeros", np.zeros((2, 3), f32)
    yield "negative_zero", np.array([0.0, -0.0], f64)
    yield "cut", np.array([0.123456789, 0.5], f64)
    yield "cut_half", np.array([0.000123456785, 0.000999999995], f64)
    yield "scientific_cut", np.array([1.234567891234e-7, 1], f64)
    yield "normal32", rng.standard_normal((3, 4)).astype(f32)
    yield "normal64", rng.standard_normal((3, 4))
    yield "wrapped", rng.standard_normal(20)
    yield "wrapped32", rng.standard_normal((2, 15)).astype(f32)
    yield "cube", rng.standard_normal((2, 2, 3)).astype(f32)
    yield "four", np.arange(16, dtype=f64).reshape(2, 2, 2, 2)
    yield "spread", 10.0 ** rng.integers(-6, 6, 12) * rng.standard_normal(12)
    yield "long", np.arange(1001, dtype=f32)
    yield "exactly_1000", np.arange(1000, dtype=np.int64)
    yield "wide", rng.standard_normal((8, 200)).astype(f32)
    yield "big_cube", rng.standard_normal((10, 11, 12))
    yield "tall", np.arange(2000, dtype=np.int64).reshape(1000, 2)
    yield "integers", np.array([[1, -20], [300, 4]], np.int64)
    yield "extreme_integers", np.array([2**63 - 1, -(2**63)], np.int64)
    yield "bools", np.array([[True, False], [False, False]])
    yield "many_bools", np.arange(1500) % 3 == 0
    yield "no_elements", np.zeros((0, 3), f32)
    yield "column", np.arange(5, dtype=f64).reshape(5, 1) / 7
    for i, value in enumerate([0.0, 1.0, -2.5, 1 / 3, 1e16, 1e15, 123456789012.0, 1e-4, 1.5e-5, 1e300, np.nan, -np.inf]):
        yield f"scalar{i}", np.array(value, f64)
    for i, value in enumerate([0.1, 1 / 3, 16777216.0, 3e38, 1e-10, 999999.0, 1e6, 1e-4]):
        yield f"scalar32_{i}", np.array(value, f32)
    yield "scalar_integer", np.array(-7, np.int64)
    yield "scalar_bool", np.array(True)
    for i in range(20):
        count = int(rng.integers(1, 30))
        values = rng.standard_normal(count) * 10.0 ** rng.integers(-5, 9)
        yield f"random{i}", values if i % 2 else values.astype(f32)


def write_cases():
    names = {"float32": "f32", "float64": "f64", "int64": "i64", "bool": "bool"}
    with (OUT / "print.txt").open("w") as text:
        for name, array in cases():
            values = [float(v).hex() if array.dtype.kind == "f" else str(int(v)) for v in array.ravel()]
            sizes = ",".join(map(str, array.shape))
            text.write(f"== {name} {names[array.dtype.name]} {sizes}\n{' '.join(values)}\n{str(array)}\n")


def write_npy_files():
    matrix = np.arange(6, dtype=np.float32).reshape(2, 3) / 3
    np.save(OUT / "row_major.npy", matrix)
    np.save(OUT / "column_major.npy", np.asfortranarray(matrix))
    np.save(OUT / "int32.npy", np.array([1, -2], np.int32))
    np.save(OUT / "bools.npy", np.array([[True, False]]))
    np.save(OUT / "scalar.npy", np.array(2.5))
    np.save(OUT / "big_endian.npy", np.array([1.0], ">f8"))
    np.save(OUT / "int8.npy", np.array([1], np.int8))
    with (OUT / "version2.npy").open("wb") as file:
        np.lib.format.write_array(file, np.arange(3), version=(2, 0))


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    write_cases()
    write_npy_files()
