// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One list of a JSON object's members for both directions: a function that
// names each member of a struct to a JsonFields once reads the struct from JSON
// when that is a FieldReader, and writes it when it is a FieldWriter.
//
//   template <class Fields> void describe(Fields &f, WeightEntry &w) {
//     f.string("name", w.name);
//     f.integers("shape", w.shape, 1, maxElements);
//   }
#ifndef DIT_RUNTIME_JSONFIELDS_H
#define DIT_RUNTIME_JSONFIELDS_H

#include "runtime/Error.h"
#include "runtime/Json.h"

#include <optional>

namespace dit::runtime {

/// Fills the members from an object; throws an Error that names what is missing
/// or out of its bounds.
class FieldReader {
public:
  static constexpr bool reads = true;
  explicit FieldReader(const JsonReader &json) : json(json) {}

  /// What errors call a member.
  std::string name(std::string_view key) const { return json.name(key); }
  void string(const char *key, std::string &to) { to = json.string(key); }
  void choice(const char *key, std::string &to,
              std::vector<std::string_view> choices) {
    to = json.choice(key, std::move(choices));
  }
  void boolean(const char *key, bool &to) { to = json.boolean(key); }
  void integer(const char *key, int64_t &to, int64_t low, int64_t high) {
    to = json.integer(key, low, high);
  }
  void number(const char *key, double &to, double low, double high) {
    to = json.number(key, low, high);
  }
  void strings(const char *key, std::vector<std::string> &to) {
    to = json.strings(key);
  }
  void integers(const char *key, std::vector<int64_t> &to, int64_t low,
                int64_t high) {
    to = json.integers(key, low, high);
  }
  void integerLists(const char *key, std::vector<std::vector<int64_t>> &to,
                    int64_t low, int64_t high) {
    to = json.integerLists(key, low, high);
  }
  /// An integer, or `otherwise` (null when it is empty) for none.
  void optionalInteger(const char *key, std::optional<int64_t> &to, int64_t low,
                       int64_t high, std::string_view otherwise = "") {
    const nlohmann::json &value = json.at(key);
    to.reset();
    if (otherwise.empty() ? value.is_null() : value.is_string()) {
      if (!otherwise.empty())
        json.choice(key, {otherwise});
      return;
    }
    to = json.integer(key, low, high);
  }
  template <typename T> void object(const char *key, T &to) {
    FieldReader fields(json.object(key));
    describe(fields, to);
  }
  template <typename T> void objects(const char *key, std::vector<T> &to) {
    to.clear();
    for (const JsonReader &entry : json.objects(key)) {
      FieldReader fields(entry);
      describe(fields, to.emplace_back());
    }
  }
  /// A list that may be missing, which is an empty one.
  template <typename T>
  void optionalObjects(const char *key, std::vector<T> &to) {
    to.clear();
    if (json.has(key))
      objects(key, to);
  }
  /// A member that may be missing.
  template <typename T>
  void optionalObject(const char *key, std::optional<T> &to) {
    to.reset();
    if (json.has(key))
      object(key, to.emplace());
  }
  /// 0 where it is not there.
  void integerUnless0(const char *key, int64_t &to, int64_t high) {
    to = json.has(key) ? json.integer(key, 1, high) : 0;
  }
  /// Empty where it is not there.
  void optionalString(const char *key, std::string &to) {
    to = json.has(key) ? json.string(key) : "";
  }

private:
  JsonReader json;
};

/// Writes the members, in the order in which they are named.
class FieldWriter {
public:
  static constexpr bool reads = false;
  using Json = nlohmann::ordered_json;

  std::string name(std::string_view key) const {
    return "the manifest to write, key '" + std::string(key) + "'";
  }
  void string(const char *key, const std::string &from) { json[key] = from; }
  void choice(const char *key, const std::string &from,
              const std::vector<std::string_view> &) {
    json[key] = from;
  }
  void boolean(const char *key, bool from) { json[key] = from; }
  void integer(const char *key, int64_t from, int64_t, int64_t) {
    json[key] = from;
  }
  void number(const char *key, double from, double, double) {
    json[key] = from;
  }
  void strings(const char *key, const std::vector<std::string> &from) {
    json[key] = from;
  }
  void integers(const char *key, const std::vector<int64_t> &from, int64_t,
                int64_t) {
    json[key] = from;
  }
  void integerLists(const char *key,
                    const std::vector<std::vector<int64_t>> &from, int64_t,
                    int64_t) {
    json[key] = from;
  }
  void optionalInteger(const char *key, const std::optional<int64_t> &from,
                       int64_t, int64_t, std::string_view otherwise = "") {
    if (from)
      json[key] = *from;
    else if (otherwise.empty())
      json[key] = nullptr;
    else
      json[key] = otherwise;
  }
  template <typename T> void object(const char *key, T &from) {
    FieldWriter fields;
    describe(fields, from);
    json[key] = std::move(fields.json);
  }
  template <typename T> void objects(const char *key, std::vector<T> &from) {
    json[key] = Json::array();
    for (T &entry : from) {
      FieldWriter fields;
      describe(fields, entry);
      json[key].push_back(std::move(fields.json));
    }
  }
  template <typename T>
  void optionalObjects(const char *key, std::vector<T> &from) {
    if (!from.empty())
      objects(key, from);
  }
  template <typename T>
  void optionalObject(const char *key, std::optional<T> &from) {
    if (from)
      object(key, *from);
  }
  void integerUnless0(const char *key, int64_t from, int64_t) {
    if (from != 0)
      json[key] = from;
  }
  void optionalString(const char *key, const std::string &from) {
    if (!from.empty())
      json[key] = from;
  }

  std::string text() const { return json.dump(); }

private:
  Json json = Json::object();
};

} // namespace dit::runtime

#endif // DIT_RUNTIME_JSONFIELDS_H
