#include "tandem/ops/products/einsum.h"

#include <algorithm>

#include "tandem/ops/elementwise.h"
#include "tandem/ops/products/einsum_terms.h"
#include "tandem/ops/products/matmul.h"
#include "tandem/ops/reductions/reduce.h"
#include "tandem/ops/shapes/views.h"

namespace tandem {
namespace {

using ops::Term;

// An operand with a name for each axis.
struct Named {
  array value;
  Term term;

  bool has(char letter) const { return term.find(letter) != Term::npos; }
  int axis(char letter) const { return static_cast<int>(term.find(letter)); }
  int64_t extent(char letter) const { return value.shape(axis(letter)); }
};

class Contraction {
 public:
  Contraction(const ops::Subscripts& subscripts, StreamOrDevice s)
      : subscripts_(subscripts), s_(s) {}

  array run(std::span<const array> operands) {
    std::vector<Named> terms;
    for (size_t n = 0; n < operands.size(); ++n) {
      terms.push_back(tidy({operands[n], subscripts_.inputs[n]}));
    }
    for (const std::vector<int>& step : ops::contraction_path(subscripts_)) {
      std::vector<Term> names;
      for (const Named& named : terms) names.push_back(named.term);
      const Term result = ops::product_term(names, step, subscripts_.output);
      std::vector<Named> taken;
      for (auto position = step.rbegin(); position != step.rend(); ++position) {
        taken.insert(taken.begin(), std::move(terms[static_cast<size_t>(*position)]));
        terms.erase(terms.begin() + *position);
      }
      terms.push_back(taken.size() == 1 ? sum_to(taken[0], result)
                                        : multiply_to(taken[0], taken[1], result));
    }
    return arranged(terms[0], subscripts_.output);
  }

 private:
  // Repeated letters become one axis, axes that are repeated to a greater extent are dropped.
  Named tidy(Named named) const {
    for (size_t i = 0; i < named.term.size(); ++i) {
      const char letter = named.term[i];
      for (size_t j; (j = named.term.find(letter, i + 1)) != Term::npos;) {
        named = diagonal(named, static_cast<int>(i), static_cast<int>(j));
      }
    }
    for (size_t i = named.term.size(); i-- > 0;) {
      if (named.value.shape()[i] != 1 || subscripts_.extents.at(named.term[i]) == 1) continue;
      named.value = squeeze(named.value, std::vector<int64_t>{static_cast<int64_t>(i)}, s_);
      named.term.erase(i, 1);
    }
    return named;
  }

  // Axes i < j of one extent as one axis i: every (n+1)-th of n * n elements.
  Named diagonal(const Named& named, int i, int j) const {
    const int64_t first = named.value.shape(i), second = named.value.shape(j);
    const int64_t count = std::max(first, second);
    Shape square(named.value.shape());
    square[static_cast<size_t>(i)] = square[static_cast<size_t>(j)] = count;
    array turned = moveaxis(broadcast_to(named.value, square, s_), j, -1, s_);
    turned = moveaxis(turned, i, -2, s_);
    const array flat = count == 0 ? turned : flatten(turned, -2, -1, s_);
    Shape starts(static_cast<size_t>(flat.ndim()), 0), extents(flat.shape());
    Shape steps(static_cast<size_t>(flat.ndim()), 1);
    extents.back() = count;
    steps.back() = count + 1;
    array result = slice(flat, starts, extents, steps, s_);
    if (count == 0) result = squeeze_last_but_one(result);
    Term term = named.term;
    term.erase(static_cast<size_t>(j), 1);
    return {moveaxis(result, -1, i, s_), term};
  }

  array squeeze_last_but_one(const array& a) const {
    Shape shape(a.shape());
    shape.erase(shape.end() - 2);
    return reshape(a, shape, s_);
  }

  // The axes in the order of `term`, those that it lacks summed over, those it adds of extent 1.
  array arranged(const Named& named, const Term& term) const {
    std::vector<int64_t> order, added;
    for (size_t i = 0; i < term.size(); ++i) {
      if (named.has(term[i])) {
        order.push_back(named.axis(term[i]));
      } else {
        added.push_back(static_cast<int64_t>(i));
      }
    }
    const array turned = transpose(named.value, order, s_);
    return added.empty() ? turned : expand_dims(turned, added, s_);
  }

  Named sum_to(const Named& named, const Term& kept) const {
    std::vector<int64_t> axes;
    Term term;
    for (size_t i = 0; i < named.term.size(); ++i) {
      if (kept.find(named.term[i]) != Term::npos) {
        term += named.term[i];
      } else {
        axes.push_back(static_cast<int64_t>(i));
      }
    }
    if (axes.empty()) return named;
    return {astype(sum(named.value, axes, false, s_), named.value.dtype(), s_), term};
  }

  static int64_t product_of(const Named& named, const Term& term) {
    int64_t product = 1;
    for (const char letter : term) product *= named.extent(letter);
    return product;
  }

  // Axes `batch`, then those of `rows` and of `columns` each as one.
  array as_matrices(const Named& named, const Term& batch, const Term& rows,
                    const Term& columns) const {
    Shape shape;
    for (const char letter : batch) shape.push_back(named.extent(letter));
    shape.push_back(product_of(named, rows));
    shape.push_back(product_of(named, columns));
    return reshape(arranged(named, batch + rows + columns), shape, s_);
  }

  // The product of two terms, summed over the letters that `kept` lacks.
  Named multiply_to(const Named& left, const Named& right, const Term& kept) const {
    // What only one of them has is summed first.
    const Named a = sum_to(left, kept + right.term), b = sum_to(right, kept + left.term);
    Term batch, summed, rows, columns;
    for (const char letter : a.term) {
      const bool stays = kept.find(letter) != Term::npos;
      (b.has(letter) ? (stays ? batch : summed) : rows) += letter;
    }
    for (const char letter : b.term) {
      if (!a.has(letter)) columns += letter;
    }
    const Term term = batch + rows + columns;
    if (summed.empty()) return {multiply(arranged(a, term), arranged(b, term), s_), term};
    const array product =
        matmul(as_matrices(a, batch, rows, summed), as_matrices(b, batch, summed, columns), s_);
    Shape shape;
    for (const char letter : batch + rows) shape.push_back(a.extent(letter));
    for (const char letter : columns) shape.push_back(b.extent(letter));
    return {reshape(product, shape, s_), term};
  }

  const ops::Subscripts& subscripts_;
  StreamOrDevice s_;
};

}  // namespace

array einsum(std::string_view subscripts, std::span<const array> operands, StreamOrDevice s) {
  return Contraction(ops::parse_subscripts(subscripts, operands), s).run(operands);
}

std::pair<std::vector<std::vector<int>>, std::string> einsum_path(std::string_view subscripts,
                                                                  std::span<const array> operands) {
  const ops::Subscripts parsed = ops::parse_subscripts(subscripts, operands);
  auto path = ops::contraction_path(parsed);
  std::string text = ops::describe_path(subscripts, parsed, path);
  return {std::move(path), std::move(text)};
}

}  // namespace tandem
