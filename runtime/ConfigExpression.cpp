// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/ConfigExpression.h"

#include "runtime/Error.h"
#include "runtime/Json.h"

#include <charconv>
#include <cmath>

namespace dit::runtime {
namespace {

using nlohmann::json;

/// Names may have a - inside, as words of a config have.
bool isOfName(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' ||
         c == '-';
}

/// Recursive descent over one text; the whole is null after a null in it.
class Evaluation {
public:
  Evaluation(std::string_view text, const ConfigNames &names)
      : text(text), names(names) {}

  json whole() {
    json value = sum();
    if (skipBlanks(); at < text.size())
      complain();
    return hasNull ? json() : value;
  }

private:
  [[noreturn]] void complain() {
    fail("{} is no expression of a config's keys, at {}", inQuotes(text),
         at < text.size() ? inQuotes(text.substr(at)) : "its end");
  }
  void skipBlanks() {
    while (at < text.size() && text[at] == ' ')
      ++at;
  }
  bool take(char c) {
    skipBlanks();
    if (at >= text.size() || text[at] != c)
      return false;
    ++at;
    return true;
  }
  void expect(char c) {
    if (!take(c))
      complain();
  }

  /// `value`, which `what` says, as a number; 1 once the whole is null.
  double number(const json &value, std::string_view what) {
    if (value.is_null()) {
      hasNull = true;
      return 1;
    }
    constexpr double largest = 1 << 20;
    double found = value.is_number() ? value.get<double>() : 0;
    if (!(std::abs(found) <= largest * largest) || !value.is_number())
      fail("{} must be a number to count with, but is {}", what, shown(value));
    return found;
  }
  static json made(double value) {
    if (value == std::floor(value))
      return static_cast<int64_t>(value);
    return value;
  }

  json sum() {
    size_t start = at;
    json left = product();
    while (true) {
      bool isPlus = take('+');
      if (!isPlus && !take('-'))
        return left;
      double a = number(left, name(start)), b;
      size_t next = at;
      json right = product();
      b = number(right, name(next));
      left = made(isPlus ? a + b : a - b);
    }
  }

  json product() {
    size_t start = at;
    json left = factor();
    while (true) {
      bool isTimes = take('*');
      if (!isTimes && !take('/'))
        return left;
      double a = number(left, name(start));
      size_t next = at;
      json right = factor();
      double b = number(right, name(next));
      if (!isTimes && b == 0)
        fail("{} divides by 0", inQuotes(text));
      left = made(isTimes ? a * b : std::floor(a / b));
    }
  }

  json factor() {
    if (++depth > 32)
      complain();
    json value = atom();
    --depth;
    return value;
  }

  json atom() {
    if (take('(')) {
      json value = sum();
      expect(')');
      return value;
    }
    skipBlanks();
    size_t start = at;
    while (at < text.size() && isOfName(text[at]))
      ++at;
    std::string word(text.substr(start, at - start));
    if (word.empty() || word == "-")
      complain();
    if (word == "true" || word == "false")
      return word == "true";
    if (word == "null")
      return nullptr;
    double value;
    auto [end, error] =
        std::from_chars(word.data(), word.data() + word.size(), value);
    if (error == std::errc() && end == word.data() + word.size())
      return made(value);
    if ((word == "length" || word == "first") && take('('))
      return list(word == "length");
    const json *found = names(word);
    if (!found || found->is_null())
      hasNull = true;
    return found ? *found : json();
  }

  json list(bool isLength) {
    size_t start = at;
    json of = sum();
    expect(')');
    if (isLength && !of.is_null() && !of.is_array())
      fail("{} must be a list, but is {}", name(start), shown(of));
    if (isLength)
      return static_cast<int64_t>(of.size());
    json numbers = json::array();
    double count = number(of, name(start));
    if (count > 1 << 16)
      fail("{} is too many to list", name(start));
    for (int64_t i = 0; i < static_cast<int64_t>(count); ++i)
      numbers.push_back(i);
    return numbers;
  }

  /// What begins at `start` and ends here, without blanks.
  std::string name(size_t start) {
    std::string_view part = text.substr(start, at - start);
    part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
    size_t last = part.find_first_of(" )");
    return inQuotes(part.substr(0, last));
  }

  std::string_view text;
  const ConfigNames &names;
  size_t at = 0;
  int depth = 0;
  bool hasNull = false;
};

} // namespace

nlohmann::json evaluateConfig(std::string_view expression,
                              const ConfigNames &names) {
  return Evaluation(expression, names).whole();
}

bool isConfigName(std::string_view text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0])) ||
      text[0] == '-' || text == "true" || text == "false" || text == "null")
    return false;
  for (char c : text)
    if (!isOfName(c))
      return false;
  return true;
}

} // namespace dit::runtime
