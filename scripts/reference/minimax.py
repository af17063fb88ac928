"""Prints the polynomial coefficients of autograd/kernels/math.hpp and the error of each fit.

Minimax fits by Remez exchange in 40 digits, relative error, coefficients rounded to float. Needs mpmath.
Run: python3 scripts/reference/minimax.py
"""
import struct

import mpmath as mp

mp.mp.dps = 40
GRID = 1500


def remez(f, weight, a, b, degree, rounds=30):
    """Coefficients c (constant first) and E of min over c of max over [a, b] of weight |f - polynomial|."""
    count = degree + 2
    chebyshev = lambda i, n: (a + b) / 2 - (b - a) / 2 * mp.cos(mp.pi * i / n)
    points = [chebyshev(i, count - 1) for i in range(count)]
    grid = [chebyshev(i, GRID) for i in range(GRID + 1)]
    values = [(x, f(x), weight(x)) for x in grid]
    for _ in range(rounds):
        matrix, right = mp.matrix(count, count), mp.matrix(count, 1)
        for i, x in enumerate(points):
            for j in range(degree + 1):
                matrix[i, j] = x**j
            matrix[i, degree + 1] = (-1) ** i / weight(x)
            right[i] = f(x)
        solution = mp.lu_solve(matrix, right)
        coefficients = [solution[j] for j in range(degree + 1)]
        error = [w * (y - mp.polyval(coefficients[::-1], x)) for x, y, w in values]
        # The largest error of each run of equal sign is the next point.
        extrema, start = [], 0
        while start <= GRID:
            end = start
            while end <= GRID and mp.sign(error[end]) == mp.sign(error[start]):
                end += 1
            end = max(end, start + 1)
            extrema.append(max(range(start, end), key=lambda k: abs(error[k])))
            start = end
        while len(extrema) > count:
            extrema.pop(0 if abs(error[extrema[0]]) < abs(error[extrema[-1]]) else -1)
        if len(extrema) < count or [grid[k] for k in extrema] == points:
            break
        points = [grid[k] for k in extrema]
    return coefficients, max(abs(e) for e in error)


def to_float(x):
    return struct.unpack("f", struct.pack("f", float(x)))[0]


def show(name, f, weight, a, b, degree):
    coefficients, error = remez(f, weight, mp.mpf(a), mp.mpf(b), degree)
    print(f"{name}: relative error {mp.nstr(error, 2)}; constant term first:")
    for c in coefficients:
        print(f"  {to_float(c).hex():24} {mp.nstr(c, 10)}")


def exp_rest(r):
    return (mp.e**r - 1 - r) / r**2 if abs(r) > 1e-8 else mp.mpf(1) / 2 + r / 6


def tanh_rest(s):
    return (mp.tanh(mp.sqrt(s)) / mp.sqrt(s) - 1) / s if s > 1e-12 else -mp.mpf(1) / 3 + 2 * s / 15


def erf_ratio(s):
    return mp.erf(mp.sqrt(s)) / mp.sqrt(s) if s > 1e-20 else 2 / mp.sqrt(mp.pi)


def scaled_tail(t):
    u = 3 * (1 + t) / (1 - t)
    return mp.erfc(u / mp.sqrt(2)) * mp.e ** (u * u / 2) / 2


half_ln2 = mp.log(2) / 2 * mp.mpf("1.0005")
tiny = mp.mpf(10) ** -12
show("q in e^r = 1 + r + r^2 q(r)", exp_rest, lambda r: (r**2 + tiny) / mp.e**r, -half_ln2, half_ln2, 4)
show("q in tanh a = a + a s q(s), s = a^2", tanh_rest,
     lambda s: s * mp.sqrt(s) / mp.tanh(mp.sqrt(s)) if s > 1e-12 else tiny, 0, mp.mpf("0.625") ** 2, 4)
show("p in erf a = a p(s), s = a^2", erf_ratio, lambda s: 1 / erf_ratio(s), 0, mp.mpf("0.85") ** 2, 5)
end = (mp.mpf("13.3") - 3) / (mp.mpf("13.3") + 3)
show("g in Phi(-u) = e^(-u^2/2) g((u - 3) / (u + 3))", scaled_tail, lambda t: 1 / scaled_tail(t), -1, end, 9)
