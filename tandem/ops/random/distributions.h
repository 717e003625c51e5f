// Random numbers of further distributions, made of uniform and normal ones.
#pragma once

#include <optional>
#include <vector>

#include "tandem/ops/random/random.h"

namespace tandem::random {

// Whole numbers in [low, high), `low` where there are none; the bounds broadcast to `shape`. Drawn
// as float32: of a range beyond 2^24 not every number occurs. Raises DTypeError unless `dtype` is
// an integer or bool.
array randint(const Operand& low, const Operand& high, Dims shape, Dtype dtype = Dtype::int32,
              const Key& key = {}, StreamOrDevice s = {});
// True with probability p, which is floating and gives the shape when none is named.
array bernoulli(const Operand& p, const std::optional<Shape>& shape = {}, const Key& key = {},
                StreamOrDevice s = {});
// Standard normal numbers that lie between the bounds, which give the shape when none is named.
array truncated_normal(const Operand& lower, const Operand& upper,
                       const std::optional<Shape>& shape = {}, Dtype dtype = Dtype::float32,
                       const Key& key = {}, StreamOrDevice s = {});
// -log(-log(u)) of uniform u.
array gumbel(Dims shape, Dtype dtype = Dtype::float32, const Key& key = {}, StreamOrDevice s = {});
array laplace(Dims shape, Dtype dtype = Dtype::float32, double loc = 0.0, double scale = 1.0,
              const Key& key = {}, StreamOrDevice s = {});

// Positions (uint32) along `axis`, each drawn with probability softmax(logits). `shape` is that of
// the result; the shape of the logits without the axis broadcasts to it.
array categorical(const array& logits, int64_t axis = -1, const std::optional<Shape>& shape = {},
                  const Key& key = {}, StreamOrDevice s = {});
// `samples` draws for each row of logits, along a new last axis.
array categorical_samples(const array& logits, int64_t axis, int64_t samples, const Key& key = {},
                          StreamOrDevice s = {});

// 0 to n - 1 (uint32) in random order.
array permutation(int64_t n, const Key& key = {}, StreamOrDevice s = {});
// The elements along an axis in random order.
array permutation(const array& a, int64_t axis = 0, const Key& key = {}, StreamOrDevice s = {});

// Normal vectors around `mean` (.., n) with covariance `cov` (.., n, n), which is taken to be
// symmetric and not negative. `shape` is that of the result without its last axis. float32 only.
array multivariate_normal(const array& mean, const array& cov, Dims shape = {},
                          Dtype dtype = Dtype::float32, const Key& key = {}, StreamOrDevice s = {});

}  // namespace tandem::random
