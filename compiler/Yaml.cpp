// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds YamlNodes from yaml-cpp's events. Its events rather than its nodes,
// because only they tell duplicate keys, aliases and quotes apart, and because
// an alias is never expanded.
#include "compiler/Yaml.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"
#include "runtime/Error.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include <sstream>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

using namespace mlir;
using namespace dit;

namespace {

constexpr size_t kMaxDepth = 16;

/// Unwinds the parser after a mistake that makes the rest meaningless.
struct Stop {};

class NodeBuilder : public YAML::EventHandler {
public:
  NodeBuilder(MLIRContext *context, StringRef file)
      : file(StringAttr::get(context, file)) {}

  YamlNode root;
  bool failed = false;

  InFlightDiagnostic error(LocationAttr loc) {
    failed = true;
    return emitError(Location(loc));
  }
  LocationAttr at(const YAML::Mark &mark) {
    return FileLineColLoc::get(file, std::max(mark.line, 0) + 1,
                               std::max(mark.column, 0) + 1);
  }

  void OnDocumentStart(const YAML::Mark &mark) override {
    if (documents++ == 0)
      return;
    error(at(mark))
        << "a spec must be one YAML document, but another begins here";
    // yaml-cpp finds documents without end where a file begins with a comma.
    throw Stop();
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark &mark, YAML::anchor_t anchor) override {
    add(leaf(YamlNode::Null, mark, "", anchor));
  }
  void OnAlias(const YAML::Mark &mark, YAML::anchor_t) override {
    error(at(mark)) << "a spec cannot use aliases, write the value out";
    add(leaf(YamlNode::Null, mark, "", 0));
  }
  void OnScalar(const YAML::Mark &mark, const std::string &tag,
                YAML::anchor_t anchor, const std::string &value) override {
    YamlNode node = leaf(YamlNode::Scalar, mark, tag, anchor);
    node.text = value;
    node.quoted = tag == "!";
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark &mark, const std::string &tag,
                       YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(leaf(YamlNode::Sequence, mark, tag, anchor));
  }
  void OnMapStart(const YAML::Mark &mark, const std::string &tag,
                  YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(leaf(YamlNode::Mapping, mark, tag, anchor));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

private:
  struct Frame {
    YamlNode node;
    bool hasKey = false;
    YamlNode key;
  };

  YamlNode leaf(YamlNode::Kind kind, const YAML::Mark &mark,
                const std::string &tag, YAML::anchor_t anchor) {
    YamlNode node;
    node.kind = kind;
    node.loc = at(mark);
    if (anchor)
      error(node.loc) << "a spec cannot use anchors, but this value has one";
    if (!tag.empty() && tag != "?" && tag != "!")
      error(node.loc) << "a spec cannot use tags, but found "
                      << runtime::inQuotes(tag);
    return node;
  }

  void open(YamlNode node) {
    if (stack.size() == kMaxDepth) {
      error(node.loc) << "a spec nests at most " << kMaxDepth
                      << " levels deep, but this is one more";
      throw Stop();
    }
    stack.push_back({std::move(node), false, {}});
  }

  void close() {
    YamlNode node = std::move(stack.back().node);
    stack.pop_back();
    add(std::move(node));
  }

  /// A complete node: the root, an element, a key, or the value of the last
  /// key.
  void add(YamlNode node) {
    if (stack.empty()) {
      root = std::move(node);
      return;
    }
    Frame &frame = stack.back();
    if (frame.node.kind == YamlNode::Sequence) {
      frame.node.entries.push_back({"", {}, std::move(node)});
    } else if (!frame.hasKey) {
      frame.key = std::move(node);
      frame.hasKey = true;
    } else {
      frame.hasKey = false;
      addEntry(frame.node, frame.key, std::move(node));
    }
  }

  void addEntry(YamlNode &mapping, const YamlNode &key, YamlNode value) {
    if (key.kind != YamlNode::Scalar) {
      error(key.loc) << "a key must be a name, but found something else";
    } else if (const YamlEntry *first = mapping.find(key.text)) {
      auto diag = error(key.loc)
                  << "duplicate key " << runtime::inQuotes(key.text);
      diag.attachNote(Location(first->keyLoc)) << "first set here";
    } else {
      if (value.kind == YamlNode::Null)
        value.loc = key.loc; // nothing is nowhere
      mapping.entries.push_back({key.text, key.loc, std::move(value)});
    }
  }

  StringAttr file;
  int documents = 0;
  std::vector<Frame> stack;
};

/// The place of byte `offset`, with columns in bytes.
LocationAttr placeOf(MLIRContext *context, StringRef text, size_t offset,
                     StringRef file) {
  StringRef before = text.take_front(offset);
  size_t line = before.count('\n') + 1;
  size_t start = before.rfind('\n');
  size_t column = start == StringRef::npos ? offset : offset - start - 1;
  return FileLineColLoc::get(context, file, line, column + 1);
}

/// yaml-cpp replaces what is no UTF-8 silently, and takes control characters.
LogicalResult checkBytes(MLIRContext *context, StringRef text, StringRef file) {
  auto *bytes = reinterpret_cast<const llvm::UTF8 *>(text.data());
  const llvm::UTF8 *p = bytes, *end = bytes + text.size();
  if (!llvm::isLegalUTF8String(&p, end))
    return emitError(Location(placeOf(context, text, p - bytes, file)))
           << "a spec must be UTF-8, but byte 0x"
           << llvm::utohexstr(*p, /*LowerCase=*/true, 2) << " is not";
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned char c = text[i];
    if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f)
      return emitError(Location(placeOf(context, text, i, file)))
             << "a spec cannot have control characters, but found 0x"
             << llvm::utohexstr(c, /*LowerCase=*/true, 2);
  }
  return success();
}

} // namespace

const YamlEntry *YamlNode::find(StringRef key) const {
  for (const YamlEntry &entry : entries)
    if (entry.key == key)
      return &entry;
  return nullptr;
}

const YamlNode *YamlNode::at(StringRef path) const {
  const YamlNode *node = this;
  for (StringRef key : llvm::split(path, '.')) {
    const YamlEntry *entry = node->find(key);
    if (!entry)
      return nullptr;
    node = &entry->value;
  }
  return node;
}

YamlNode YamlNode::scalar(StringRef text, LocationAttr loc) {
  YamlNode node = make(Scalar, loc);
  node.text = text;
  return node;
}

YamlNode YamlNode::make(Kind kind, LocationAttr loc) {
  YamlNode node;
  node.kind = kind;
  node.loc = loc;
  return node;
}

void YamlNode::add(StringRef key, YamlNode value) {
  LocationAttr at = value.loc;
  entries.push_back({key.str(), at, std::move(value)});
}

FailureOr<YamlNode> dit::parseYaml(MLIRContext *context, StringRef text,
                                   StringRef file) {
  if (failed(checkBytes(context, text, file)))
    return failure();
  NodeBuilder builder(context, file);
  try {
    std::istringstream in(text.str());
    YAML::Parser parser(in);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop &) {
    return failure();
  } catch (const YAML::Exception &e) {
    builder.error(builder.at(e.mark)) << "this is no YAML: " << e.msg;
  }
  if (builder.failed)
    return failure();
  if (builder.root.kind == YamlNode::Mapping)
    return std::move(builder.root);
  LocationAttr loc = builder.root.loc;
  if (!loc)
    loc = FileLineColLoc::get(context, file, 1, 1);
  return emitError(Location(loc))
         << "a spec must be a mapping of keys to values, but "
         << (builder.root.kind == YamlNode::Null     ? "this file is empty"
             : builder.root.kind == YamlNode::Scalar ? "this is one value"
                                                     : "this is a list");
}
