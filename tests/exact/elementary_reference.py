"""Writes elementary_reference.h: e^x and ln x to the nearest double, from decimal arithmetic with 60 digits.

    python3 elementary_reference.py > elementary_reference.h
"""

from decimal import Decimal, getcontext

getcontext().prec = 60

EXP = [0.0, 1.0, -1.0, 0.5, -0.5, 1e-300, -1e-20, 2.0**-53, -(2.0**-54), 0.1, -0.1, 0.34657359027997264,
       -0.34657359027997264, 0.3465735902799727, 0.6931471805599453, 1.0397207708399179, 2.0, 3.141592653589793, 10.0,
       -10.0, 88.72283905206835, -87.33654475055310, 100.0, 500.5, -500.5, 700.0, 709.782712893384, -708.3964185322641,
       -708.4, -720.0, -744.0, -745.1]
LOG = [1.0, 2.0, 0.5, 2.718281828459045, 10.0, 0.1, 1.0 + 2.0**-52, 1.0 - 2.0**-53, 1.001, 0.999, 0.7071067811865475,
       0.7071067811865476, 1.414213562373095, 1.4142135623730951, 3.0, 1.5, 0.75, 1e-5, 12345.678, 1e300, 1e-300,
       1.7976931348623157e308, 2.2250738585072014e-308, 5e-324, 1.5e-323, 1e22, 0.3333333333333333]


def table(name, inputs, function):
    print(f"static const struct reference {name}[] = {{")
    for x in inputs:
        print(f"    {{{x.hex()}, {float(function(Decimal(x))).hex()}}},")
    print("};")


print("/* Made by elementary_reference.py: x, and the double nearest to f(x). */")
print("struct reference {\n    double x, y;\n};\n")
table("exp_references", EXP, lambda x: x.exp())
print()
table("log_references", LOG, lambda x: x.ln())
