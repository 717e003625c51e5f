#include "tandem/ops/products/einsum_terms.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

namespace tandem::ops {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool contains(const Term& term, char letter) { return term.find(letter) != Term::npos; }

std::vector<std::string> cut(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// "..." becomes `count` unnamed axes, the last ones of `most`.
Term expand(const std::string& text, int count, int most) {
  Term term;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '.') {
      TANDEM_USER(is_letter(text[i]), ArgumentError, "einsum", "subscripts are letters: got '{}'",
                  text[i]);
      term += text[i];
      continue;
    }
    TANDEM_USER(text.compare(i, 3, "...") == 0 && text.find('.', i + 3) == text.npos, ArgumentError,
                "einsum", "expects at most one '...' in a term: got '{}'", text);
    for (int k = most - count; k < most; ++k) term += static_cast<char>(kFirstUnnamed + k);
    i += 2;
  }
  return term;
}

int named(const std::string& text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return c != '.'; }));
}

// The letters that stand once among the inputs, in alphabetical order; unnamed axes first.
Term implicit_output(const std::vector<Term>& inputs, int unnamed) {
  std::map<char, int> counts;
  for (const Term& term : inputs) {
    for (const char letter : term) ++counts[letter];
  }
  Term output;
  for (const auto& [letter, count] : counts) {
    if (count == 1 || letter < kFirstUnnamed + unnamed) output += letter;
  }
  return output;
}

void check_output(const Subscripts& subscripts, const std::string& text) {
  for (size_t i = 0; i < subscripts.output.size(); ++i) {
    const char letter = subscripts.output[i];
    TANDEM_USER(subscripts.output.find(letter, i + 1) == Term::npos, ArgumentError, "einsum",
                "the result names an axis twice: got '{}'", text);
    TANDEM_USER(subscripts.extents.count(letter) > 0, ArgumentError, "einsum",
                "the result names an axis that no operand has: got '{}'", text);
  }
}

void collect_extents(Subscripts& subscripts, std::span<const array> operands) {
  for (size_t n = 0; n < operands.size(); ++n) {
    for (size_t i = 0; i < subscripts.inputs[n].size(); ++i) {
      const char letter = subscripts.inputs[n][i];
      const int64_t extent = operands[n].shape()[i];
      int64_t& known = subscripts.extents.try_emplace(letter, extent).first->second;
      if (known == 1) known = extent;
      TANDEM_USER(extent == known || extent == 1, ShapeError, "einsum",
                  "axis {} of operand {} has extent {}, expected {}: got shape {}", i, n, extent,
                  known, to_string(operands[n].shape()));
    }
  }
}

double size_of_term(const Subscripts& subscripts, const Term& term) {
  double size = 1;
  for (const char letter : std::set<char>(term.begin(), term.end())) {
    size *= static_cast<double>(subscripts.extents.at(letter));
  }
  return size;
}

// Multiplications and additions of one step, as NumPy's documentation counts them.
double operations(const Subscripts& subscripts, const std::vector<Term>& terms,
                  const std::vector<int>& positions, const Term& result) {
  Term all;
  for (const int position : positions) all += terms[static_cast<size_t>(position)];
  const std::set<char> letters(all.begin(), all.end());
  const double factor = std::max<double>(1, static_cast<double>(positions.size()) - 1) +
                        (letters.size() > result.size() ? 1 : 0);
  return size_of_term(subscripts, all) * factor;
}

void replace(std::vector<Term>& terms, const std::vector<int>& positions, const Term& result) {
  for (auto position = positions.rbegin(); position != positions.rend(); ++position) {
    terms.erase(terms.begin() + *position);
  }
  terms.push_back(result);
}

}  // namespace

Subscripts parse_subscripts(std::string_view given, std::span<const array> operands) {
  std::string text;
  for (const char c : given) {
    if (c != ' ') text += c;
  }
  const size_t arrow = text.find("->");
  const std::vector<std::string> inputs = cut(text.substr(0, arrow), ',');
  TANDEM_USER(inputs.size() == operands.size(), ArgumentError, "einsum",
              "expects one operand per term: got {} operands for '{}'", operands.size(), given);
  int most = 0;  // axes of "..."
  for (size_t n = 0; n < inputs.size(); ++n) {
    const bool open = inputs[n].find('.') != std::string::npos;
    const int rest = operands[n].ndim() - named(inputs[n]);
    TANDEM_USER(open ? rest >= 0 : rest == 0, ArgumentError, "einsum",
                "'{}' does not name the axes of operand {} of shape {}", inputs[n], n,
                to_string(operands[n].shape()));
    if (open) most = std::max(most, rest);
  }
  Subscripts subscripts;
  for (size_t n = 0; n < inputs.size(); ++n) {
    subscripts.inputs.push_back(expand(inputs[n], operands[n].ndim() - named(inputs[n]), most));
  }
  subscripts.output = arrow == text.npos ? implicit_output(subscripts.inputs, most)
                                         : expand(text.substr(arrow + 2), most, most);
  collect_extents(subscripts, operands);
  check_output(subscripts, text);
  return subscripts;
}

Term product_term(const std::vector<Term>& terms, const std::vector<int>& positions,
                  const Term& output) {
  Term needed = output;
  for (size_t n = 0; n < terms.size(); ++n) {
    if (std::find(positions.begin(), positions.end(), static_cast<int>(n)) == positions.end()) {
      needed += terms[n];
    }
  }
  Term result;
  for (const int position : positions) {
    for (const char letter : terms[static_cast<size_t>(position)]) {
      if (contains(needed, letter) && !contains(result, letter)) result += letter;
    }
  }
  return result;
}

std::vector<std::vector<int>> contraction_path(const Subscripts& subscripts) {
  std::vector<Term> terms = subscripts.inputs;
  std::vector<std::vector<int>> path;
  if (terms.size() == 1) return {{0}};
  while (terms.size() > 1) {
    std::vector<int> best;
    double best_freed = 0, best_cost = 0;
    const int count = static_cast<int>(terms.size());
    for (int i = 0; i < count; ++i) {
      for (int j = i + 1; j < count; ++j) {
        const std::vector<int> pair{i, j};
        const Term result = product_term(terms, pair, subscripts.output);
        const double freed = size_of_term(subscripts, terms[static_cast<size_t>(i)]) +
                             size_of_term(subscripts, terms[static_cast<size_t>(j)]) -
                             size_of_term(subscripts, result);
        const double cost = operations(subscripts, terms, pair, result);
        if (best.empty() || freed > best_freed || (freed == best_freed && cost < best_cost)) {
          best = pair;
          best_freed = freed;
          best_cost = cost;
        }
      }
    }
    replace(terms, best, product_term(terms, best, subscripts.output));
    path.push_back(std::move(best));
  }
  return path;
}

std::string describe_path(std::string_view text, const Subscripts& subscripts,
                          const std::vector<std::vector<int>>& path) {
  std::vector<Term> terms = subscripts.inputs;
  std::vector<int> all;
  for (size_t n = 0; n < terms.size(); ++n) all.push_back(static_cast<int>(n));
  const double naive = operations(subscripts, terms, all, subscripts.output);
  double total = 0;
  size_t most = 0;
  for (const std::vector<int>& step : path) {
    const Term result = product_term(terms, step, subscripts.output);
    Term letters;
    for (const int position : step) letters += terms[static_cast<size_t>(position)];
    most = std::max(most, std::set<char>(letters.begin(), letters.end()).size());
    total += operations(subscripts, terms, step, result);
    replace(terms, step, result);
  }
  return fmt::format(
      "  Complete contraction:  {}\n         Naive scaling:  {}\n     Optimized scaling:  {}\n"
      "      Naive FLOP count:  {:.0f}\n  Optimized FLOP count:  {:.0f}\n",
      text, subscripts.extents.size(), most, naive, total);
}

}  // namespace tandem::ops
