// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// YAML as text: reading files, merging what `extends` joins, printing the
// result.
#include "compiler/Yaml.h"

#include "runtime/Error.h"
#include "llvm/ADT/StringExtras.h"
#include <fstream>

using namespace mlir;
using namespace dit;

namespace {

/// A plain scalar that would not read back as the same string.
bool needsQuotes(const YamlNode &node) {
  return node.quoted || node.text.empty() ||
         !llvm::all_of(node.text, [](char c) {
           return llvm::isAlnum(c) || c == '_' || c == '-' || c == '.' ||
                  c == '/' || c == '+' || c == ' ';
         });
}

void printScalar(llvm::raw_ostream &os, const YamlNode &node) {
  if (node.kind == YamlNode::Null)
    return;
  if (!needsQuotes(node)) {
    os << node.text;
    return;
  }
  os << '"';
  for (char c : node.text) {
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

/// In flow style: `[24x40, 64x64]`.
void printSequence(llvm::raw_ostream &os, const YamlNode &sequence) {
  os << '[';
  llvm::interleaveComma(sequence.entries, os, [&](const YamlEntry &entry) {
    if (entry.value.kind == YamlNode::Sequence)
      printSequence(os, entry.value);
    else
      printScalar(os, entry.value);
  });
  os << ']';
}

void printMapping(llvm::raw_ostream &os, const YamlNode &mapping,
                  unsigned indent) {
  for (const YamlEntry &entry : mapping.entries) {
    os.indent(indent) << entry.key << ':';
    if (entry.value.kind == YamlNode::Mapping) {
      os << '\n';
      printMapping(os, entry.value, indent + 2);
    } else {
      os << ' ';
      if (entry.value.kind == YamlNode::Sequence)
        printSequence(os, entry.value);
      else
        printScalar(os, entry.value);
      os << '\n';
    }
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
    if (!same)
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
  printMapping(os, mapping, 0);
  return text;
}
