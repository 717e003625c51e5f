"""Benchmarks against NumPy and MLX on the CPU; `python -m benchmarks` or `./dev bench`."""
