# The cells of a notebook on MLX's unified memory, in their order and as they stand there.
# Source: "Unified Memory in MLX", github.com/MonitSharma/apple_gpu, getting_started/2_unified_memory.ipynb,
# which follows the MLX documentation (c) 2023 MLX Contributors, MIT licence.
# Run it with: python -m tandem run examples/compatibility/unified_memory_notebook.py
# The notebook never asks for a value of its last cell, so that cell times the building of the graph.
# fmt: off
# ruff: noqa

# In [10]:
import mlx.core as mx
a = mx.random.normal((100,))
b = mx.random.normal((100,))

# In [11]:
mx.add(a, b, stream=mx.cpu)  # Perform addition on the CPU
mx.add(a, b, stream=mx.gpu)  # Perform addition on the GPU

# In [12]:


# Create arrays in unified memory
a = mx.random.normal((100,))
b = mx.random.normal((100,))

# Check the arrays
print(f"Array a: {a}")
print(f"Array b: {b}")

# In [13]:
# Perform addition on the CPU
result_cpu = mx.add(a, b, stream=mx.cpu)
print(f"Result on CPU: {result_cpu}")

# Perform addition on the GPU
result_gpu = mx.add(a, b, stream=mx.gpu)
print(f"Result on GPU: {result_gpu}")

# In [14]:
# Perform parallel operations
mx.add(a, b, stream=mx.cpu)
mx.add(a, b, stream=mx.gpu)
# Both operations access the same unified memory and can execute in parallel

# In [17]:

import time
import platform

# Define the computation function
def fun(a, b, d1, d2):
    """
    Perform matrix multiplication on device d1 and repeated element-wise
    operations on device d2.
    """
    # Perform matrix multiplication on device d1
    x = mx.matmul(a, b, stream=d1)
    # Perform repeated element-wise operations on device d2
    for _ in range(500):
        b = mx.exp(b, stream=d2)
    return x, b

# Create large arrays in unified memory
a = mx.random.uniform(shape=(4096, 5120))  # Large matrix
b = mx.random.uniform(shape=(5120, 400))    # Smaller matrix

# Function to time and execute
def execute_and_time(func, *args, description="Execution"):
    start_time = time.time()
    result = func(*args)
    end_time = time.time()
    elapsed_time = end_time - start_time
    print(f"{description}: {elapsed_time:.4f} seconds")
    return result, elapsed_time

# Display the system information
chip_name = platform.processor()
print(f"Running on: {chip_name}")

# Fully on GPU
print("\nRunning fully on GPU...")
(x_gpu, b_gpu), time_gpu = execute_and_time(fun, a, b, mx.gpu, mx.gpu, description="Full GPU Execution")

# Mixed execution (GPU + CPU)
print("\nRunning mixed execution (GPU for matmul, CPU for exp)...")
(x_mixed, b_mixed), time_mixed = execute_and_time(fun, a, b, mx.gpu, mx.cpu, description="Mixed GPU + CPU Execution")

# Print summary
print("\n--- Performance Summary ---")
print(f"Chip: {chip_name}")
print(f"Full GPU Execution Time: {time_gpu:.4f} seconds")
print(f"Mixed Execution Time: {time_mixed:.4f} seconds")
print(f"Speedup (Mixed vs GPU-only): {time_gpu / time_mixed:.2f}x faster")
