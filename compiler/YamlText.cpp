// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// YAML as text: reading files, merging what `extends` joins, printing the
// result.
#include "compiler/Yaml.h"

#include "runtime/Error.h"
#include "runtime/OpenedInputs.h"
#include "llvm/ADT/StringExtras.h"
#include <fstream>

using namespace mlir;
using namespace dit;

namespace {

/// Text that, written plainly, would not read back as the same string.
bool needsQuotes(StringRef text) {
  return text.empty() || text.trim() != text || text == "null" ||
         !llvm::all_of(text,
                       [](char c) {
                         return llvm::isAlnum(c) || c == '_' || c == '-' ||
                                c == '.' || c == '/' || c == '+' || c == ' ' ||
                                c == '*' || c == '(' || c == ')';
                       }) ||
         StringRef("-*").contains(text.front());
}

void printQuoted(llvm::raw_ostream &os, StringRef text) {
  os << '"';
  for (char c : text) {
    if (c == '\n')
      os << "\\n";
    else if (c == '\t')
      os << "\\t";
    else if (c == '\r')
      os << "\\r";
    else if (c == '"' || c == '\\')
      os << '\\' << c;
    else
      os << c;
  }
  os << '"';
}

void printText(llvm::raw_ostream &os, StringRef text, bool quoted = false) {
  if (quoted || needsQuotes(text))
    printQuoted(os, text);
  else
    os << text;
}

/// `[24x40, {linear: width}]`
void printFlow(llvm::raw_ostream &os, const YamlNode &node) {
  if (node.kind == YamlNode::Null)
    return;
  if (node.kind == YamlNode::Scalar)
    return printText(os, node.text, node.quoted);
  bool isMapping = node.kind == YamlNode::Mapping;
  os << (isMapping ? '{' : '[');
  llvm::interleaveComma(node.entries, os, [&](const YamlEntry &entry) {
    if (isMapping) {
      printText(os, entry.key);
      os << ": ";
    }
    printFlow(os, entry.value);
  });
  os << (isMapping ? '}' : ']');
}

bool holdsMappings(const YamlNode &node) {
  return llvm::any_of(node.entries, [](const YamlEntry &entry) {
    return entry.value.kind == YamlNode::Mapping || holdsMappings(entry.value);
  });
}

constexpr size_t kColumns = 100;

/// The entries of `node`, a line or more each; the first begins where the text
/// stands.
void printEntries(llvm::raw_ostream &os, const YamlNode &node, unsigned indent,
                  bool inSequence) {
  StringRef separator;
  std::string margin(indent, ' ');
  for (const YamlEntry &entry : node.entries) {
    const YamlNode &value = entry.value;
    bool isItem = node.kind == YamlNode::Sequence;
    std::string head = "-", flow;
    if (!isItem) {
      head.clear();
      llvm::raw_string_ostream key(head);
      printText(key, entry.key);
      key << ':';
    }
    llvm::raw_string_ostream line(flow);
    printFlow(line, value);
    os << separator << head;
    separator = margin;
    bool isOpen = value.kind == YamlNode::Mapping && !inSequence && !isItem
                      ? !value.entries.empty()
                      : holdsMappings(value) &&
                            indent + head.size() + flow.size() >= kColumns;
    if (!isOpen) {
      os << (flow.empty() ? "" : " ") << flow << '\n';
      continue;
    }
    os << (isItem ? " " : "\n");
    if (!isItem)
      os.indent(indent + 2);
    printEntries(os, value, indent + 2,
                 inSequence || value.kind == YamlNode::Sequence);
  }
}

} // namespace

llvm::Expected<std::string> dit::readTextFile(StringRef path, size_t limit) {
  auto complain = [&](const llvm::Twine &what) {
    return llvm::createStringError(path + ": " + what);
  };
  errno = 0;
  std::ifstream in(path.str(), std::ios::binary);
  if (!in)
    return complain(runtime::systemMessage(errno));
  runtime::rememberInput(path.str());
  std::string text;
  char block[1 << 14];
  while (in.read(block, sizeof block), in.gcount() > 0) {
    text.append(block, in.gcount());
    if (text.size() > limit)
      return complain("must have at most " + llvm::Twine(limit) +
                      " bytes, but has more");
  }
  if (in.bad() || !in.eof())
    return complain(runtime::systemMessage(errno));
  return text;
}

YamlNode dit::mergeYaml(const YamlNode &base, const YamlNode &over) {
  YamlNode merged = over;
  merged.entries = base.entries;
  for (const YamlEntry &entry : over.entries) {
    auto *same = const_cast<YamlEntry *>(merged.find(entry.key));
    if (same && entry.value.kind == YamlNode::Null)
      merged.entries.erase(merged.entries.begin() +
                           (same - merged.entries.data()));
    else if (!same)
      merged.entries.push_back(entry);
    else if (same->value.kind == YamlNode::Mapping &&
             entry.value.kind == YamlNode::Mapping)
      same->value = mergeYaml(same->value, entry.value);
    else
      *same = entry;
  }
  return merged;
}

std::string dit::printYaml(const YamlNode &mapping) {
  std::string text;
  llvm::raw_string_ostream os(text);
  printEntries(os, mapping, 0, false);
  return text;
}
