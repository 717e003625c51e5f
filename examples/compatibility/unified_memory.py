# The programs of the page "Unified Memory", one after the other and as they stand there.
# Source: MLX documentation, usage/unified_memory, (c) 2023 MLX Contributors, MIT licence.
# Run it with: python -m tandem run examples/compatibility/unified_memory.py
# Added: the import, which the page takes for granted, and the call and printing at the end.
# fmt: off
# ruff: noqa
import mlx.core as mx

a = mx.random.normal((100,))
b = mx.random.normal((100,))

mx.add(a, b, stream=mx.cpu)
mx.add(a, b, stream=mx.gpu)

c = mx.add(a, b, stream=mx.cpu)
d = mx.add(a, c, stream=mx.gpu)

def fun(a, b, d1, d2):
  x = mx.matmul(a, b, stream=d1)
  for _ in range(500):
      b = mx.exp(b, stream=d2)
  return x, b

a = mx.random.uniform(shape=(4096, 512))
b = mx.random.uniform(shape=(512, 4))

# "If we time the computation fully on the GPU ..."
gpu_x, gpu_b = fun(a, b, mx.gpu, mx.gpu)
# "... if we run the computation with d1=mx.gpu and d2=mx.cpu"
mixed_x, mixed_b = fun(a, b, mx.gpu, mx.cpu)
mx.eval(gpu_x, gpu_b, mixed_x, mixed_b)
print(d)
print(mixed_x.shape, mixed_b.shape)
