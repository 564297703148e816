#include "core/config/node.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace tidemill::config {
namespace {

// Ends yaml-cpp's parse from inside a callback; never leaves this file.
struct Refused {
  Mark where;
  std::string what;
  std::string fix;
};

std::size_t count(const Node& node) {
  std::size_t nodes = 1;
  for (const auto& child : node.children) nodes += count(child);
  return nodes;
}

std::size_t height(const Node& node) {
  std::size_t below = 0;
  for (const auto& child : node.children) below = std::max(below, height(child));
  return below + 1;
}

// Turns yaml-cpp's events into a tree, within limits.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& file, Problems& problems, YamlLimits limits)
      : file_(file), problems_(problems), limits_(limits) {}

  Node take_root() { return std::move(root_); }

  /// Where the document's last scalar began, if it was in quotes.
  const std::optional<Mark>& last_quote() const { return last_quote_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.where = at(mark);
    add(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw Refused{at(mark), "this alias refers to the value that it stands in", "remove it"};
    // Counted before it is copied, so that a refused expansion costs nothing.
    charge(count(found->second), at(mark));
    if (open_.size() + height(found->second) > limits_.depth) too_deep(at(mark));
    Node copy = found->second;
    attach(std::move(copy));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    Node node;
    node.kind = NodeKind::scalar;
    node.text = value;
    node.written = value;
    node.quoted = tag == "!";
    node.where = at(mark);
    last_quote_ = node.quoted ? std::optional(node.where) : std::nullopt;
    add(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(NodeKind::sequence, mark, tag, anchor);
  }
  void OnSequenceEnd() override { end(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(NodeKind::mapping, mark, tag, anchor);
  }
  void OnMapEnd() override { end(); }

 private:
  // A collection whose end has not come yet.
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    std::optional<Node> key;   // Set exactly between a mapping's key and its value.
    std::vector<Node> merged;  // Values of `<<`.
  };

  Mark at(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }

  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    const bool plain = tag.empty() || tag == "?" || tag == "!";
    if (plain || tag.starts_with("tag:yaml.org,2002:")) return;
    problems_.add(at(mark), fmt::format("the tag {} means nothing here", shown(tag)), "remove it");
  }

  void charge(std::size_t nodes, const Mark& where) {
    nodes_ += nodes;
    if (nodes_ > limits_.nodes)
      throw Refused{where, fmt::format("the file holds more than {} values", limits_.nodes),
                    "aliases count as what they stand for; split the file"};
  }

  [[noreturn]] void too_deep(const Mark& where) const {
    throw Refused{where, fmt::format("values are nested deeper than {}", limits_.depth),
                  "flatten them"};
  }

  void begin(NodeKind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    check_tag(mark, tag);
    if (open_.size() >= limits_.depth) too_deep(at(mark));
    charge(1, at(mark));
    Open open{{}, anchor, {}, {}};
    open.node.kind = kind;
    open.node.where = at(mark);
    open_.push_back(std::move(open));
  }

  void end() {
    Open open = std::move(open_.back());
    open_.pop_back();
    for (auto& mapping : open.merged) merge(open.node, mapping);
    remember(open.node, open.anchor);
    attach(std::move(open.node));
  }

  void add(Node node, YAML::anchor_t anchor) {
    charge(1, node.where);
    remember(node, anchor);
    attach(std::move(node));
  }

  void remember(const Node& node, YAML::anchor_t anchor) {
    if (anchor == 0) return;
    // The copy kept for later aliases is memory too.
    charge(count(node), node.where);
    anchors_[anchor] = node;
  }

  void attach(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& open = open_.back();
    if (open.node.is_sequence()) {
      open.node.children.push_back(std::move(node));
    } else if (!open.key) {
      open.key = std::move(node);
    } else {
      const Node key = std::move(*open.key);
      open.key.reset();
      add_entry(open, key, std::move(node));
    }
  }

  void add_entry(Open& open, const Node& key, Node value) {
    if (!key.is_scalar()) {
      problems_.add(key.where, fmt::format("a key must be text; got {}", kind_name(key.kind)));
      return;
    }
    if (key.text == "<<" && !key.quoted) {
      collect_merge(open, key, std::move(value));
      return;
    }
    if (const Node* first = open.node.find(key.text)) {
      problems_.add(key.where, fmt::format("key {} stands here twice", shown(key.text)),
                    fmt::format("the first is at line {}, column {}", first->key_where.line,
                                first->key_where.column));
      return;
    }
    value.key = key.text;
    value.key_where = key.where;
    // yaml-cpp places a missing value at whatever comes next, perhaps lines later.
    if (value.is_null()) value.where = key.where;
    open.node.children.push_back(std::move(value));
  }

  void collect_merge(Open& open, const Node& key, Node value) {
    if (value.is_mapping()) {
      open.merged.push_back(std::move(value));
      return;
    }
    const bool mappings =
        value.is_sequence() && std::all_of(value.children.begin(), value.children.end(),
                                           [](const Node& item) { return item.is_mapping(); });
    if (!mappings) {
      problems_.add(key.where, "<<: expected a mapping or a list of mappings",
                    "write `<<: *anchor`");
      return;
    }
    for (auto& item : value.children) open.merged.push_back(std::move(item));
  }

  static void merge(Node& into, Node& from) {
    for (auto& child : from.children)
      if (into.find(child.key) == nullptr) into.children.push_back(std::move(child));
  }

  const std::string& file_;
  Problems& problems_;
  YamlLimits limits_;
  Node root_;
  std::optional<Mark> last_quote_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::size_t nodes_ = 0;
};

// Listens for one thing only: whether a document begins. Throws its mark when told to.
class DocumentProbe final : public YAML::EventHandler {
 public:
  explicit DocumentProbe(bool refuse) : refuse_(refuse) {}
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (refuse_) throw mark;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  bool refuse_;
};

// yaml-cpp takes a quote that is never closed for one that ends with the file, if only a line end
// comes last: half a file would silently become one value. Without that line end it notices.
bool quote_runs_to_the_end(std::string_view text) {
  const auto last = text.find_last_not_of(" \t\r\n");
  std::istringstream in{std::string(text.substr(0, last + 1))};
  YAML::Parser parser(in);
  DocumentProbe probe(false);
  try {
    parser.HandleNextDocument(probe);
  } catch (const YAML::Exception& error) {
    return error.msg == YAML::ErrorMsg::EOF_IN_SCALAR;
  }
  return false;
}

Mark mark_of(const YAML::Exception& error, const std::string& file) {
  if (error.mark.is_null()) return {file, 1, 1};
  return {file, error.mark.line + 1, error.mark.column + 1};
}

}  // namespace

const Node* Node::find(std::string_view name) const {
  for (const auto& child : children)
    if (is_mapping() && child.key == name) return &child;
  return nullptr;
}

Node* Node::find(std::string_view name) {
  return const_cast<Node*>(std::as_const(*this).find(name));
}

std::string_view kind_name(NodeKind kind) {
  switch (kind) {
    case NodeKind::null:
      return "nothing";
    case NodeKind::scalar:
      return "text";
    case NodeKind::sequence:
      return "a list";
    case NodeKind::mapping:
      return "a mapping";
  }
  return "nothing";
}

std::optional<Node> parse_yaml(std::string_view text, const std::string& file, Problems& problems,
                               YamlLimits limits) {
  if (text.size() > limits.bytes) {
    problems.add({file, 0, 0}, fmt::format("the file is larger than {} bytes", limits.bytes),
                 "split it");
    return std::nullopt;
  }
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    TreeBuilder builder(file, problems, limits);
    parser.HandleNextDocument(builder);
    if (builder.last_quote() && quote_runs_to_the_end(text))
      throw Refused{*builder.last_quote(), "this quote is never closed", "close it"};
    Node root = builder.take_root();
    if (root.where.line == 0) root.where = {file, 1, 1};
    DocumentProbe second(true);
    parser.HandleNextDocument(second);
    return root;
  } catch (const Refused& refused) {
    problems.add(refused.where, refused.what, refused.fix);
  } catch (const YAML::Mark& mark) {
    problems.add({file, mark.line + 1, mark.column + 1}, "the file holds a second document",
                 "put it into a file of its own");
  } catch (const YAML::Exception& error) {
    problems.add(mark_of(error, file), fmt::format("this is not valid YAML: {}", error.msg),
                 "look at the indentation, brackets and quotes here and just above");
  } catch (const std::exception& error) {
    problems.add({file, 1, 1}, fmt::format("this is not valid YAML: {}", error.what()));
  }
  return std::nullopt;
}

std::optional<std::string> read_text(const std::string& file, std::size_t bytes_max,
                                     std::string& reason) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) {
    reason = "does not exist";
    return std::nullopt;
  }
  // A pipe or a device could block or never end.
  if (!std::filesystem::is_regular_file(status)) {
    reason = "is not a regular file";
    return std::nullopt;
  }
  std::ifstream in(file, std::ios::binary);
  std::string text(bytes_max + 1, '\0');
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || !in.is_open()) {
    reason = "cannot be read";
    return std::nullopt;
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() <= bytes_max) return text;
  reason = fmt::format("is larger than {} bytes", bytes_max);
  return std::nullopt;
}

std::optional<Node> read_yaml(const std::string& file, Problems& problems, YamlLimits limits) {
  std::string reason;
  const auto text = read_text(file, limits.bytes, reason);
  if (text) return parse_yaml(*text, file, problems, limits);
  problems.add({file, 0, 0}, fmt::format("the file {}", reason));
  return std::nullopt;
}

}  // namespace tidemill::config
