// The reader of the text that printer.h describes.
#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <unordered_map>
#include <vector>

#include "tandem/base/error.h"
#include "tandem/kernel/text/printer.h"
#include "tandem/op_table/scalar_math.h"

namespace tandem::kernel {

namespace {

std::optional<Op> find_op(std::string_view name) {
  static const auto kByName = [] {
    std::unordered_map<std::string_view, Op> map;
    for (int i = 0; i < kOpCount; ++i) map.emplace(name_of(static_cast<Op>(i)), static_cast<Op>(i));
    return map;
  }();
  const auto found = kByName.find(name);
  return found == kByName.end() ? std::nullopt : std::optional(found->second);
}

// The words of one line, taken from the left; errors name the line.
class Line {
 public:
  Line(std::string_view text, int number) : text_(text), number_(number) {
    std::string_view rest = text.substr(0, text.find('#'));
    while (true) {
      const size_t begin = rest.find_first_not_of(" \t\r");
      if (begin == std::string_view::npos) break;
      const size_t end = std::min(rest.find_first_of(" \t\r", begin), rest.size());
      words_.push_back(rest.substr(begin, end - begin));
      rest.remove_prefix(end);
    }
  }

  [[noreturn]] void fail(std::string_view what) const {
    raise<ArgumentError>("parse_kernel", "{}: got line {} \"{}\"", what, number_, text_);
  }

  bool at_end() const { return next_ == words_.size(); }
  std::string_view word(std::string_view expected) {
    if (at_end()) fail(fmt::format("the line ends where {} is expected", expected));
    return words_[next_++];
  }
  bool accept(std::string_view word) {
    if (at_end() || words_[next_] != word) return false;
    ++next_;
    return true;
  }
  void expect(std::string_view wanted) {
    if (!accept(wanted)) fail(fmt::format("'{}' is expected", wanted));
  }
  void expect_end() const {
    if (!at_end()) fail(fmt::format("'{}' is too much", words_[next_]));
  }

  uint64_t number_of(std::string_view digits, uint64_t limit) const {
    const bool hex = digits.starts_with("0x");
    if (hex) digits.remove_prefix(2);
    uint64_t value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, hex ? 16 : 10);
    if (error != std::errc{} || end != digits.data() + digits.size() || value > limit) {
      fail(fmt::format("'{}' is no number up to {}", digits, limit));
    }
    return value;
  }
  uint64_t number(uint64_t limit) { return number_of(word("a number"), limit); }
  // v12, b0, ...
  uint64_t prefixed(char prefix, uint64_t limit) {
    return prefixed_of(word("a name"), prefix, limit);
  }
  uint64_t prefixed_of(std::string_view name, char prefix, uint64_t limit) const {
    if (name.empty() || name[0] != prefix)
      fail(fmt::format("'{}' does not begin with {}", name, prefix));
    return number_of(name.substr(1), limit);
  }

  template <class E>
  E name(int count, std::string_view what) {
    const std::string_view given = word(what);
    for (int i = 0; i < count; ++i) {
      if (name_of(static_cast<E>(i)) == given) return static_cast<E>(i);
    }
    fail(fmt::format("'{}' is no {}", given, what));
  }

 private:
  std::string_view text_;
  int number_;
  std::vector<std::string_view> words_;
  size_t next_ = 0;
};

class Parser {
 public:
  Kernel run(std::string_view text) {
    int number = 0;
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      Line line(text.substr(0, end), ++number);
      if (!line.at_end()) read(line);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (!begun_) raise<ArgumentError>("parse_kernel", "there is no 'kernel' line: got no text");
    if (!kernel_.stages.empty()) {
      kernel_.stages.back().end = static_cast<NodeId>(kernel_.nodes.size());
    }
    return std::move(kernel_);
  }

 private:
  void read(Line& line) {
    if (!begun_) {
      line.expect("kernel");
      line.expect("parallel");
      kernel_.parallel_rank = static_cast<uint8_t>(line.number(255));
      line.expect("reduced");
      kernel_.reduced_rank = static_cast<uint8_t>(line.number(255));
      begun_ = true;
    } else if (line.accept("relax")) {
      kernel_.relax = static_cast<uint32_t>(line.number(UINT32_MAX));
    } else if (line.accept("buffer")) {
      read_buffer(line);
    } else if (line.accept("param")) {
      in_order(line, line.prefixed('p', UINT16_MAX), kernel_.params.size());
      kernel_.params.push_back(line.name<Type>(kTypeCount, "type"));
    } else if (line.accept("stage")) {
      read_stage(line);
    } else {
      read_node(line);
    }
    line.expect_end();
  }

  void in_order(const Line& line, uint64_t number, size_t expected) {
    if (number != expected) line.fail(fmt::format("number {} is out of order", number));
  }

  void read_buffer(Line& line) {
    in_order(line, line.prefixed('b', UINT16_MAX), kernel_.buffers.size());
    BufferParam buffer;
    buffer.dtype = line.name<Dtype>(kDtypeCount, "dtype");
    buffer.access = line.name<Access>(3, "access");
    buffer.written = line.accept("written");
    kernel_.buffers.push_back(buffer);
  }

  void read_stage(Line& line) {
    const auto begin = static_cast<NodeId>(kernel_.nodes.size());
    if (!kernel_.stages.empty()) kernel_.stages.back().end = begin;
    in_order(line, line.prefixed('s', UINT16_MAX), kernel_.stages.size());
    Stage stage;
    stage.begin = stage.end = begin;
    stage.kind = line.name<StageKind>(3, "kind of stage");
    const bool reduces = stage.kind != StageKind::map;
    if (reduces) stage.reduction = line.name<Reduction>(8, "reduction");
    stage.extent = line.name<Extent>(2, "extent");
    if (reduces) {
      line.expect("value");
      stage.value = static_cast<NodeId>(line.prefixed('v', kNoNode - 1));
    }
    stage.is_unsigned = line.accept("unsigned");
    stage.reverse = line.accept("reverse");
    stage.exclusive = line.accept("exclusive");
    kernel_.stages.push_back(stage);
  }

  void read_node(Line& line) {
    in_order(line, line.prefixed('v', kNoNode - 1), kernel_.nodes.size());
    if (kernel_.stages.empty()) line.fail("a stage is expected before the first node");
    line.expect("=");
    Node node;
    const std::string_view name = line.word("an operation");
    const std::optional<Op> op = find_op(name);
    if (!op) line.fail(fmt::format("'{}' is no operation", name));
    node.op = *op;
    node.type = line.name<Type>(kTypeCount, "type");
    read_slot(line, node);
    while (!line.at_end()) {
      if (node.input_count == kMaxInputs) line.fail("there are too many operands");
      node.in[node.input_count++] = static_cast<NodeId>(line.prefixed('v', kNoNode - 1));
    }
    kernel_.nodes.push_back(node);
  }

  void read_slot(Line& line, Node& node) {
    switch (node.op) {
      case Op::constant:
        node.bits = line.number(UINT64_MAX);
        return;
      case Op::param:
        node.slot = slot(line, 'p');
        return;
      case Op::index:
        node.slot = slot(line, 'a');
        return;
      case Op::stage_result:
        node.slot = slot(line, 's');
        return;
      case Op::load:
      case Op::load_at:
      case Op::store:
      case Op::store_at: {
        const std::string_view name = split_part(line, node);
        node.slot = static_cast<uint16_t>(line.prefixed_of(name, 'b', UINT16_MAX));
        return;
      }
      case Op::call:
        node.slot = leaf(line, split_part(line, node));
        return;
      default:
        return;
    }
  }

  uint16_t slot(Line& line, char prefix) {
    return static_cast<uint16_t>(line.prefixed(prefix, UINT16_MAX));
  }

  // "b1.1": the part is set, "b1" is given back.
  std::string_view split_part(Line& line, Node& node) {
    const std::string_view word = line.word("a name");
    const size_t dot = word.find('.');
    if (dot == std::string_view::npos) return word;
    node.part = static_cast<uint8_t>(line.number_of(word.substr(dot + 1), UINT8_MAX));
    return word.substr(0, dot);
  }

  uint16_t leaf(const Line& line, std::string_view name) {
    for (const op_table::LeafInfo& info : op_table::kLeafInfo) {
      if (info.name == name) return static_cast<uint16_t>(info.id);
    }
    line.fail(fmt::format("'{}' is no leaf function", name));
  }

  Kernel kernel_;
  bool begun_ = false;
};

}  // namespace

Kernel parse(std::string_view text) { return Parser().run(text); }

}  // namespace tandem::kernel
