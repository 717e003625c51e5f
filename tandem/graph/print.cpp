#include "tandem/graph/print.h"

#include <atomic>
#include <cmath>

#include "tandem/graph/array.h"
#include "tandem/graph/scalar_bits.h"

namespace tandem {
namespace {

constexpr int64_t kEdgeItems = 3;  // shown at each end of an axis longer than twice as many

std::atomic<int> print_precision{PrintOptions().precision};

std::string format_float(double value, int precision) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  return precision < 0 ? fmt::format("{:.6g}", value) : fmt::format("{:.{}f}", value, precision);
}

std::string format_element(const Scalar& scalar, Dtype dtype, int precision) {
  if (const bool* value = std::get_if<bool>(&scalar)) return *value ? "True" : "False";
  if (const int64_t* value = std::get_if<int64_t>(&scalar)) {
    return dtype == Dtype::uint64 ? fmt::format("{}", static_cast<uint64_t>(*value))
                                  : fmt::format("{}", *value);
  }
  if (const double* value = std::get_if<double>(&scalar)) return format_float(*value, precision);
  const auto value = std::get<std::complex<float>>(scalar);
  const std::string imaginary = format_float(value.imag(), precision);
  return format_float(value.real(), precision) + (imaginary[0] == '-' ? "" : "+") + imaginary + "j";
}

struct Printer {
  const std::byte* data;
  Dims shape;
  Dims strides;
  Dtype dtype;
  int precision;
  std::string text = "array(";

  void print(size_t axis, int64_t offset) {
    if (axis == shape.size()) {
      const auto item = static_cast<int64_t>(size_of(dtype));
      text += format_element(graph::load_scalar(data + offset * item, dtype), dtype, precision);
      return;
    }
    const bool last_axis = axis + 1 == shape.size();
    const std::string separator =
        last_axis ? ", " : ",\n" + std::string(std::string_view("array(").size() + axis + 1, ' ');
    text += '[';
    for (int64_t i = 0; i < shape[axis]; ++i) {
      if (i > 0) text += separator;
      if (i == kEdgeItems && shape[axis] > 2 * kEdgeItems) {
        text += "..." + separator;
        i = shape[axis] - kEdgeItems;
      }
      print(axis + 1, offset + i * strides[axis]);
    }
    text += ']';
  }
};

}  // namespace

PrintOptions get_printoptions() { return {print_precision.load(std::memory_order_relaxed)}; }

void set_printoptions(PrintOptions options) {
  print_precision.store(options.precision, std::memory_order_relaxed);
}

std::string to_string(const array& a) {
  const auto* data = static_cast<const std::byte*>(a.data());
  const Strides strides = a.strides();
  Printer printer{data, a.shape(), strides, a.dtype(), get_printoptions().precision};
  printer.print(0, 0);
  return printer.text + fmt::format(", dtype={})", name_of(a.dtype()));
}

}  // namespace tandem
