# The programs of the page "Devices & Streams", one after the other and as they stand there.
# Source: MLX documentation, api/devices-and-streams, (c) 2023 MLX Contributors, MIT licence.
# Run it with: python -m tandem run examples/compatibility/devices_and_streams.py
# fmt: off
# ruff: noqa

# Device
import mlx.core as mx

# Create devices
cpu = mx.Device(mx.cpu)
gpu = mx.Device(mx.gpu)

print(cpu)  # Device(cpu, 0)
print(gpu)  # Device(gpu, 0)

# Common device types
import mlx.core as mx

mx.cpu  # CPU device type
mx.gpu  # GPU device type

# default_device
import mlx.core as mx

device = mx.default_device()
print(device)  # Device(gpu, 0) or Device(cpu, 0)

# set_default_device
import mlx.core as mx

# Set CPU as default
mx.set_default_device(mx.cpu)

# Now arrays are created on CPU by default
a = mx.array([1, 2, 3])

# Set GPU as default
mx.set_default_device(mx.gpu)

# Now arrays are created on GPU by default
b = mx.array([4, 5, 6])

# device_count
import mlx.core as mx

num_gpus = mx.device_count(mx.gpu)
print(f"Number of GPUs: {num_gpus}")

num_cpus = mx.device_count(mx.cpu)
print(f"Number of CPUs: {num_cpus}")  # Usually 1

# device_info
import mlx.core as mx

info = mx.device_info(mx.gpu)
print(info)
# Returns device-specific information like memory, architecture, etc.

# Stream
import mlx.core as mx

# Create a new stream on the GPU
stream = mx.Stream(mx.gpu)

# Schedule operations on this stream
a = mx.array([1, 2, 3])
b = mx.add(a, 1, stream=stream)

# default_stream
import mlx.core as mx

# Get default stream for GPU
stream = mx.default_stream(mx.gpu)

# Get default stream for CPU
cpu_stream = mx.default_stream(mx.cpu)

# set_default_stream
import mlx.core as mx

# Create a custom stream
custom_stream = mx.Stream(mx.gpu)

# Set it as the default for GPU operations
mx.set_default_stream(custom_stream)

# Now operations use this stream by default
a = mx.array([1, 2, 3])

# new_stream
import mlx.core as mx

# Create new stream on GPU
stream1 = mx.new_stream(mx.gpu)
stream2 = mx.new_stream(mx.gpu)

# Operations on different streams can run in parallel
a = mx.array([1, 2, 3])
b = mx.add(a, 1, stream=stream1)
c = mx.multiply(a, 2, stream=stream2)

# stream
import mlx.core as mx

# Create a custom stream
custom_stream = mx.new_stream(mx.gpu)

# Use it as default within a context
with mx.stream(custom_stream):
    # Operations in this block use custom_stream
    a = mx.array([1, 2, 3])
    b = mx.add(a, 1)

# Outside the context, the original default stream is restored
c = mx.array([4, 5, 6])

# synchronize
import mlx.core as mx

# Schedule operations
a = mx.array([1, 2, 3])
b = mx.add(a, 1)

# Wait for all operations on default stream to complete
mx.synchronize()

# Now it's safe to access the result
print(b)  # array([2, 3, 4], dtype=int32)

# Using Streams for Parallelism
import mlx.core as mx

# Create two streams
stream1 = mx.new_stream(mx.gpu)
stream2 = mx.new_stream(mx.gpu)

# These operations can run in parallel
a = mx.array([1, 2, 3])
b = mx.add(a, 1, stream=stream1)      # Runs on stream1
c = mx.multiply(a, 2, stream=stream2)  # Runs on stream2 (in parallel)

# Wait for both to complete
mx.synchronize(stream1)
mx.synchronize(stream2)

print(b)  # array([2, 3, 4], dtype=int32)
print(c)  # array([2, 4, 6], dtype=int32)

# Device-Specific Operations
import mlx.core as mx

# Create array on CPU
a = mx.array([1, 2, 3])

# Perform operation on GPU
b = mx.add(a, 1, stream=mx.default_stream(mx.gpu))

# Perform operation on CPU
c = mx.multiply(a, 2, stream=mx.default_stream(mx.cpu))

# Best Practices: Lazy Evaluation
import mlx.core as mx

a = mx.array([1, 2, 3])
b = mx.add(a, 1)

# Force evaluation
mx.eval(b)  # or mx.synchronize()

# Now safe to use b
print(b)

# Multi-GPU Usage
import mlx.core as mx

num_gpus = mx.device_count(mx.gpu)
print(f"Available GPUs: {num_gpus}")

# Use specific GPU
if num_gpus > 1:
    gpu0 = mx.Device(mx.gpu, 0)
    gpu1 = mx.Device(mx.gpu, 1)
    
    stream0 = mx.default_stream(gpu0)
    stream1 = mx.default_stream(gpu1)
    
    # Schedule operations on different GPUs
    a = mx.array([1, 2, 3])
    b = mx.add(a, 1, stream=stream0)  # GPU 0
    c = mx.add(a, 2, stream=stream1)  # GPU 1

# Stream Safety
import mlx.core as mx

stream = mx.new_stream(mx.gpu)

a = mx.array([1, 2, 3])
b = mx.add(a, 1, stream=stream)
c = mx.multiply(b, 2, stream=stream)  # Waits for b to complete

mx.synchronize(stream)
print(c)  # array([4, 6, 8], dtype=int32)
