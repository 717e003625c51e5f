#include "tandem/io/npy_header.h"

#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

#include "tandem/base/check.h"

namespace tandem::io {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);

struct Descr {
  std::string_view code;
  Dtype dtype;
};
constexpr std::array<Descr, kDtypeCount> kDescr = {{
    {"b1", Dtype::bool_},
    {"u1", Dtype::uint8},
    {"u2", Dtype::uint16},
    {"u4", Dtype::uint32},
    {"u8", Dtype::uint64},
    {"i1", Dtype::int8},
    {"i2", Dtype::int16},
    {"i4", Dtype::int32},
    {"i8", Dtype::int64},
    {"f2", Dtype::float16},
    {"V2", Dtype::bfloat16},
    {"f4", Dtype::float32},
    {"f8", Dtype::float64},
    {"c8", Dtype::complex64},
}};

// Reads the literal {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} and nothing else.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  NpyHeader run() {
    NpyHeader header;
    unsigned seen = 0;
    expect('{');
    while (!accept('}')) {
      const std::string_view key = string();
      expect(':');
      if (key == "descr") {
        descr(header);
        seen |= 1;
      } else if (key == "fortran_order") {
        header.column_major = boolean();
        seen |= 2;
      } else if (key == "shape") {
        header.shape = shape();
        seen |= 4;
      } else {
        fail("an unknown key in the header");
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip();
    if (at_ != text_.size()) fail("text behind the header");
    if (seen != 7) fail("a header without descr, fortran_order and shape");
    return header;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    raise<IoError>("load", "{} is no npy file that can be read: {}", name_, what);
  }
  void skip() {
    while (at_ < text_.size() && std::strchr(" \t\r\n", text_[at_]) && text_[at_] != 0) ++at_;
  }
  bool accept(char c) {
    skip();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail("a malformed header");
  }
  std::string_view string() {
    skip();
    const char quote = at_ < text_.size() ? text_[at_] : 0;
    if (quote != '\'' && quote != '"') fail("a malformed header");
    const size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail("a malformed header");
    const std::string_view result = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return result;
  }
  bool word(std::string_view wanted) {
    skip();
    if (text_.substr(at_, wanted.size()) != wanted) return false;
    at_ += wanted.size();
    return true;
  }
  bool boolean() {
    if (word("True")) return true;
    if (!word("False")) fail("a malformed header");
    return false;
  }
  void descr(NpyHeader& header) {
    std::string_view text = string();
    if (!text.empty() && std::strchr("<>|=", text[0])) {
      header.swapped = text[0] == '>';
      text.remove_prefix(1);
    }
    for (const Descr& known : kDescr) {
      if (known.code != text) continue;
      header.dtype = known.dtype;
      return;
    }
    raise<IoError>("load", "{} holds elements that no array has: '{}'", name_, text);
  }
  int64_t number() {
    skip();
    int64_t value = 0;
    const char* first = text_.data() + at_;
    const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), value);
    if (error != std::errc() || value < 0) fail("an extent that is no number");
    at_ += static_cast<size_t>(end - first);
    accept('L');  // as Python 2 wrote it
    return value;
  }
  Shape shape() {
    Shape result;
    expect('(');
    while (!accept(')')) {
      if (result.size() == 64) fail("more than 64 dimensions");
      result.push_back(number());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return result;
  }

  std::string_view text_;
  size_t at_ = 0;
  const std::string& name_;
};

}  // namespace

NpyHeader parse_npy_header(std::span<const std::byte> head, const std::string& name) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  TANDEM_USER(text.substr(0, kMagic.size()) == kMagic && text.size() >= 10, IoError, "load",
              "{} is no npy file", name);
  const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<uint8_t>(text[i])); };
  const size_t version = byte(6);
  TANDEM_USER(version >= 1 && version <= 3, IoError, "load",
              "{} has npy version {}, expected 1 to 3", name, version);
  const size_t start = version == 1 ? 10 : 12;
  TANDEM_USER(text.size() >= start, IoError, "load", "{} is cut in its header", name);
  size_t length = byte(8) | byte(9) << 8;
  if (version > 1) length |= byte(10) << 16 | byte(11) << 24;
  TANDEM_USER(length <= text.size() - start, IoError, "load", "{} is cut in its header", name);
  NpyHeader header = HeaderParser(text.substr(start, length), name).run();
  header.data = start + length;
  return header;
}

std::string npy_header(Dtype dtype, Dims shape) {
  std::string extents;
  for (const int64_t extent : shape) extents += fmt::format("{}, ", extent);
  const char order = size_of(dtype) == 1 ? '|' : '<';
  std::string text = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}), }}",
                                 order, kDescr[static_cast<size_t>(dtype)].code, extents);
  const size_t version = text.size() + 64 < 65536 ? 1 : 2;
  const size_t start = version == 1 ? 10 : 12;
  text.append(63 - (start + text.size()) % 64, ' ');
  text += '\n';
  std::string result(kMagic);
  result += static_cast<char>(version);
  result += '\0';
  for (size_t i = 0; i < start - 8; ++i) result += static_cast<char>(text.size() >> (8 * i) & 0xff);
  return result + text;
}

}  // namespace tandem::io
