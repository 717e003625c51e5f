#include "random_program.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "helpers.h"

namespace tandem {
namespace {

constexpr int64_t kMostElements = 6000;
constexpr int kCompiled = 4;  // steps of a compiled function

using Random = std::mt19937_64;

template <class T>
const T& pick(Random& random, const std::vector<T>& from) {
  return from[random() % from.size()];
}

template <class T>
T random_element(Random& random) {
  if constexpr (std::is_same_v<T, bool>) {
    return random() % 2 == 0;
  } else if constexpr (std::is_integral_v<T>) {
    const uint64_t kind = random() % 8;
    if (kind == 0) return std::numeric_limits<T>::min();
    if (kind == 1) return std::numeric_limits<T>::max();
    if (kind == 2) return T(0);
    return static_cast<T>(static_cast<int64_t>(random() % 41) - 20);
  } else if constexpr (std::is_same_v<T, std::complex<float>>) {
    return {random_element<float>(random), random_element<float>(random)};
  } else {
    constexpr float kSpecial[] = {0.0f,
                                  -0.0f,
                                  1.0f,
                                  -1.0f,
                                  65504.0f,
                                  1e-7f,
                                  std::numeric_limits<float>::infinity(),
                                  -std::numeric_limits<float>::infinity(),
                                  std::numeric_limits<float>::quiet_NaN(),
                                  0.5f};
    if (random() % 12 == 0) return T(kSpecial[random() % std::size(kSpecial)]);
    return T(static_cast<float>(static_cast<int64_t>(random() % 8001) - 4000) / 1000.0f);
  }
}

template <class T>
void make_nans_equal(std::byte* data, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, data + i * sizeof(T), sizeof(T));
    if (!std::isnan(static_cast<float>(value))) continue;  // a double that is no NaN stays none
    std::memset(data + i * sizeof(T), 0x7f, sizeof(T));
  }
}

class Builder {
 public:
  Builder(uint64_t seed, const ProgramOptions& program, const RunOptions& how)
      : random_(seed), choices_(how.seed), program_(program), how_(how) {}

  Outcome run() {
    for (int i = 0; i < 4; ++i) keep(random_leaf(random_(), shape(), dtype()), "leaf");
    for (int i = 0; i < program_.steps; ++i) {
      if (how_.compiled && i + kCompiled <= program_.steps && choices_() % 4 == 0) {
        compiled_steps();
        i += kCompiled - 1;
      } else {
        step();
      }
      if (how_.partial && choices_() % 6 == 0) evaluate_some();
    }
    return collect();
  }

 private:
  struct Kept {
    array value;
    std::string text;
    bool result;  // read at the end, else only used by other steps
  };

  Dtype dtype() {
    if (!program_.arithmetic) return Dtype::float32;
    return static_cast<Dtype>(random_() % kDtypeCount);
  }

  Shape shape() {
    static const std::vector<Shape> kShapes = {
        {},     {1},       {5},       {0},      {3, 0},     {130},  {7, 11},        {1, 11},
        {7, 1}, {4, 3, 5}, {1, 3, 1}, {33, 40}, {2, 1, 70}, {1500}, {2, 3, 1, 2, 5}};
    if (!program_.arithmetic) return Shape{64, 8};
    return pick(random_, kShapes);
  }

  StreamOrDevice where() {
    if (how_.streams.empty()) return {};
    return how_.streams[choices_() % how_.streams.size()];
  }

  void keep(array value, std::string text) {
    if (value.size() > kMostElements) return;
    text += fmt::format(" {} {}", name_of(value.dtype()), to_string(value.shape()));
    values_.push_back({std::move(value), std::move(text), random_() % 3 == 0});
  }

  const array& any() { return values_[random_() % values_.size()].value; }

  // One that broadcasts with `a`, or a scalar.
  Operand beside(const array& a) {
    for (int attempt = 0; attempt < 6; ++attempt) {
      const array& b = any();
      try {
        if (element_count(broadcast_shapes(a.shape(), b.shape(), "test")) <= kMostElements)
          return b;
      } catch (const ShapeError&) {
      }
    }
    return random_() % 2 == 0 ? Operand(static_cast<int64_t>(random_() % 5)) : Operand(1.25);
  }

  void step() {
    try {
      if (!program_.arithmetic) {
        const array a = any(), b = any();
        return keep(random_() % 2 == 0 ? add(a, b, where())
                                       : multiply(maximum(a, b, where()), Scalar(0.5), where()),
                    "arithmetic");
      }
      switch (random_() % 14) {
        case 12:
        case 13:
          return arrangement();
        case 0:
        case 1:
        case 2:
        case 3:
          return row();
        case 4:
          return cast();
        case 5:
          return random_() % 3 == 0   ? scan()
                 : random_() % 2 == 0 ? reduction()
                                      : rows_of_themselves();
        case 6:
        case 7:
          return view();
        case 8:
          return program_.products ? product() : row();
        case 9:
        case 10:
          return positions();
        default:
          return creation();
      }
    } catch (const DTypeError&) {  // the row does not take these: no step
    } catch (const ArgumentError&) {
    } catch (const ShapeError&) {
    }
  }

  // The same steps in a function that is compiled; its arguments are all the values there are.
  void compiled_steps() {
    const size_t known = values_.size();
    std::vector<array> arguments;
    for (const Kept& kept : values_) arguments.push_back(kept.value);
    const Function function = compile([&](const std::vector<array>& in) {
      for (size_t i = 0; i < known; ++i) values_[i].value = in[i];
      for (int i = 0; i < kCompiled; ++i) step();
      std::vector<array> made;
      for (size_t i = known; i < values_.size(); ++i) made.push_back(values_[i].value);
      return made;
    });
    const std::vector<array> made = function(arguments);
    for (size_t i = 0; i < values_.size(); ++i) {
      values_[i].value = i < known ? arguments[i] : made[i - known];
    }
  }

  void row() {
    const auto id = static_cast<op_table::RowId>(random_() % op_table::kRowCount);
    const op_table::RowInfo& info = op_table::row(id);
    std::vector<Operand> operands{any()};
    while (operands.size() < static_cast<size_t>(info.arity)) {
      operands.push_back(beside(*operands[0].as_array()));
    }
    if (random_() % 8 == 0 && info.arity > 1 && operands[1].as_array())
      std::swap(operands[0], operands[1]);
    keep(apply(id, operands, where()), std::string(info.name));
  }

  void cast() { keep(astype(any(), dtype(), where()), "astype"); }

  void reduction() {
    const array a = any();
    std::vector<int64_t> axes;
    for (int i = 0; i < a.ndim(); ++i) {
      if (random_() % 2 == 0) axes.push_back(random_() % 2 == 0 ? i : i - a.ndim());
    }
    const bool keepdims = random_() % 2 == 0;
    const Axes over = random_() % 4 == 0 ? Axes() : Axes(axes);
    switch (random_() % 8) {
      case 0:
        return keep(sum(a, over, keepdims, where()), "sum");
      case 1:
        return keep(prod(a, over, keepdims, where()), "prod");
      case 2:
        return keep(min(a, over, keepdims, where()), "min");
      case 3:
        return keep(max(a, over, keepdims, where()), "max");
      case 4:
        return keep(all(a, over, keepdims, where()), "all");
      case 5:
        return keep(any_of(a, over, keepdims), "any");
      case 6:
        return keep(mean(a, over, keepdims, where()), "mean");
      default:
        break;
    }
    std::optional<int64_t> axis;
    if (!axes.empty()) axis = axes[0];
    keep(random_() % 2 == 0 ? argmin(a, axis, keepdims, where())
                            : argmax(a, axis, keepdims, where()),
         "arg");
  }

  void scan() {
    const array a = any();
    if (a.ndim() == 0) return;
    const auto axis = static_cast<int64_t>(random_() % static_cast<uint64_t>(a.ndim()));
    const bool reverse = random_() % 2 == 0, inclusive = random_() % 2 == 0;
    switch (random_() % 4) {
      case 0:
        return keep(cumsum(a, axis, reverse, inclusive, where()), "cumsum");
      case 1:
        return keep(cumprod(a, axis, reverse, inclusive, where()), "cumprod");
      case 2:
        return keep(cummin(a, axis, reverse, inclusive, where()), "cummin");
      default:
        return keep(cummax(a, axis, reverse, inclusive, where()), "cummax");
    }
  }

  // Rows that read results of themselves, as a softmax or a norm does.
  void rows_of_themselves() {
    array a = any();
    if (a.ndim() == 0 || a.size() == 0) return;
    const auto axis = static_cast<int64_t>(random_() % static_cast<uint64_t>(a.ndim()));
    const std::vector<int64_t> over = {axis};
    const StreamOrDevice s = where();
    for (uint64_t rounds = 1 + random_() % 3; rounds > 0; --rounds) {
      const uint64_t kind = random_() % 4;
      array row = kind == 0 ? max(a, over, true, s) : sum(a, over, kind != 1, s);
      if (kind == 1 && random_() % 2 == 0) row = multiply(row, Scalar(0.5), s);
      if (kind == 1) row = multiply(expand_dims(row, over, s), Scalar(0.5), s);
      if (kind == 2) row = broadcast_to(row, a.shape(), s);
      a = kind == 3 ? multiply(a, row, s) : subtract(a, row, s);
      if (random_() % 2 == 0) keep(row, "of rows");
    }
    keep(a, "rows");
  }
  array any_of(const array& a, const Axes& over, bool keepdims) {
    return tandem::any(a, over, keepdims, where());
  }

  void view() {
    const array a = any();
    const auto rank = static_cast<size_t>(a.ndim());
    switch (random_() % 5) {
      case 0: {
        std::vector<int64_t> order(rank);
        for (size_t i = 0; i < rank; ++i) order[i] = static_cast<int64_t>(i);
        std::shuffle(order.begin(), order.end(), random_);
        return keep(transpose(a, order, where()), "transpose");
      }
      case 1: {
        Shape starts, extents, steps;
        for (const int64_t extent : a.shape()) {
          const int64_t step = static_cast<int64_t>(random_() % 3) + 1;
          const bool back = random_() % 3 == 0;
          const int64_t count = extent == 0 ? 0 : (extent + step - 1) / step;
          starts.push_back(back && extent > 0 ? extent - 1 : 0);
          extents.push_back(count);
          steps.push_back(back ? -step : step);
        }
        return keep(slice(a, starts, extents, steps, where()), "slice");
      }
      case 2: {
        Shape target(a.shape());
        for (int64_t& extent : target) {
          if (extent == 1) extent = 1 + static_cast<int64_t>(random_() % 4);
        }
        target.insert(target.begin(), static_cast<int64_t>(random_() % 3));
        if (element_count(target) > kMostElements) return;
        return keep(broadcast_to(a, target, where()), "broadcast");
      }
      case 3:
        return keep(reshape(a, Shape{a.size()}, where()), "reshape");
      default:
        break;
    }
    if (rank >= 2) return keep(flatten(a, 0, 1, where()), "flatten");
    keep(expand_dims(a, {random_() % 2 == 0 ? 0 : -1}, where()), "expand_dims");
  }

  // Library calls that sort, join and pad.
  void arrangement() {
    const array a = any();
    if (a.ndim() == 0) return;
    const auto axis = static_cast<int64_t>(random_() % static_cast<uint64_t>(a.ndim()));
    switch (random_() % 7) {
      case 0:
        return keep(sort(a, axis, where()), "sort");
      case 1:
        return keep(argsort(a, axis, where()), "argsort");
      case 2: {
        const std::vector<array> parts = {a, flip(a, {}, where()), astype(a, dtype(), where())};
        return keep(concatenate(parts, axis, where()), "concatenate");
      }
      case 3: {
        std::vector<PadWidth> widths;
        for (int i = 0; i < a.ndim(); ++i) {
          widths.push_back(
              {static_cast<int64_t>(random_() % 3), static_cast<int64_t>(random_() % 3)});
        }
        return keep(pad(a, widths, static_cast<PadMode>(random_() % 4), 2, where()), "pad");
      }
      case 4:
        return keep(roll(a, {static_cast<int64_t>(random_() % 9)}, {{axis}}, where()), "roll");
      case 5:
        return keep(repeat(a, static_cast<int64_t>(random_() % 3), axis, where()), "repeat");
      default:
        break;
    }
    const array sorted = sort(any(), std::nullopt, where());
    keep(searchsorted(sorted, a, random_() % 2 == 0 ? Side::left : Side::right, where()), "search");
  }

  void product() {
    const array a = any();
    if (a.ndim() == 0 || a.size() == 0) return;
    const array b = a.ndim() == 1 ? a : swapaxes(a, -1, -2, where());
    if (random_() % 3 == 0) {
      const array c = matmul(a, b, where());
      return keep(addmm(c, a, b, 0.5f, 2.0f, where()), "addmm");
    }
    keep(matmul(a, b, where()), "matmul");
  }

  // Reads and writes at positions, some of them out of range.
  void positions() {
    const array a = any();
    if (a.ndim() == 0 || a.size() == 0) return;
    const auto axis = static_cast<int64_t>(random_() % static_cast<uint64_t>(a.ndim()));
    const int64_t extent = a.shape(static_cast<int>(axis));
    const array index =
        astype(add(remainder(random::bits(Shape{1 + static_cast<int64_t>(random_() % 7)},
                                          random::key(random_()), where()),
                             extent + 2, where()),
                   random_() % 2 == 0 ? int64_t{0} : -extent, where()),
               random_() % 2 == 0 ? Dtype::int32 : Dtype::int64, where());
    const array read = take(a, index, axis, where());
    if (random_() % 2 == 0) return keep(read, "take");
    Index items(static_cast<size_t>(axis), Slice{});
    items.emplace_back(random_() % 4 == 0 ? IndexItem(Slice{{}, {}, -1}) : IndexItem(index));
    const auto how = static_cast<Update>(random_() % 7);
    const array value = random_() % 2 == 0 ? any() : tandem::index(a, items, where());
    keep(index_update(a, items, value, how, where()), "index_update");
  }

  void creation() {
    const Dtype type = dtype();
    switch (random_() % 4) {
      case 0:
        return keep(full(shape(), Scalar(static_cast<int64_t>(random_() % 100)), type, where()),
                    "full");
      case 1:
        return keep(
            arange(Scalar(int64_t{3}), Scalar(int64_t{43}), Scalar(int64_t{2}), type, where()),
            "arange");
      case 2:
        return keep(random::bits(shape(), random::key(random_()), where()), "bits");
      default:
        break;
    }
    keep(random::uniform(Scalar(-1.0), Scalar(2.0), shape(), Dtype::float32, random::key(random_()),
                         where()),
         "uniform");
  }

  void evaluate_some() {
    std::vector<array> some;
    for (const Kept& kept : values_) {
      if (choices_() % 5 == 0) some.push_back(kept.value);
    }
    if (choices_() % 2 == 0) {
      async_eval(some);
    } else {
      eval(some);
    }
  }

  Outcome collect() {
    std::vector<Kept> results;
    for (Kept& kept : values_) {
      if (kept.result || !how_.drop) results.push_back(kept);
    }
    values_.clear();
    if (how_.drop) std::erase_if(results, [](const Kept& kept) { return !kept.result; });
    std::vector<array> roots;
    for (const Kept& kept : results) roots.push_back(kept.value);
    if (how_.evaluate) {
      how_.evaluate(roots);
    } else {
      eval(roots);
    }
    Outcome outcome;
    for (const Kept& kept : results) {
      if (!kept.result) continue;
      outcome.text.push_back(kept.text);
      outcome.elements.push_back(comparable(kept.value));
    }
    return outcome;
  }

  Random random_, choices_;
  ProgramOptions program_;
  RunOptions how_;
  std::vector<Kept> values_;
};

}  // namespace

array random_leaf(uint64_t seed, Dims shape, Dtype dtype) {
  Random random(seed);
  std::vector<std::byte> data(static_cast<size_t>(element_count(shape)) * size_of(dtype));
  visit(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (size_t i = 0; i < data.size(); i += sizeof(T)) {
      const T value = random_element<T>(random);
      std::memcpy(data.data() + i, &value, sizeof(T));
    }
  });
  return array::from_bytes(data.data(), shape, dtype);
}

std::vector<std::byte> comparable(const array& a) {
  std::vector<std::byte> data = bytes(a);
  const size_t count = data.size() / a.itemsize();
  switch (a.dtype()) {
    case Dtype::float16:
      make_nans_equal<float16_t>(data.data(), count);
      break;
    case Dtype::bfloat16:
      make_nans_equal<bfloat16_t>(data.data(), count);
      break;
    case Dtype::float32:
      make_nans_equal<float>(data.data(), count);
      break;
    case Dtype::float64:
      make_nans_equal<double>(data.data(), count);
      break;
    case Dtype::complex64:
      make_nans_equal<float>(data.data(), 2 * count);
      break;
    default:
      break;
  }
  return data;
}

Outcome run_program(uint64_t seed, const ProgramOptions& program, const RunOptions& how) {
  return Builder(seed, program, how).run();
}

std::string difference(const Outcome& a, const Outcome& b) {
  if (a.text != b.text) return "the programs are not the same";
  for (size_t i = 0; i < a.elements.size(); ++i) {
    if (a.elements[i] == b.elements[i]) continue;
    size_t at = 0;
    while (a.elements[i][at] == b.elements[i][at]) ++at;
    return fmt::format("value {} ({}) differs at byte {} of {}", i, a.text[i], at,
                       a.elements[i].size());
  }
  return {};
}

}  // namespace tandem
