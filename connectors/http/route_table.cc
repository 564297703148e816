#include "route_table.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>

#include "percent.h"

namespace tidemill::http {
namespace {

constexpr std::string_view any_method = "ANY";
constexpr std::string_view default_key = "$default";
constexpr std::array<std::string_view, 8> known_methods{"GET",    "HEAD",  "POST",    "PUT",
                                                        "DELETE", "PATCH", "OPTIONS", any_method};

struct Segment {
  enum class Kind { literal, name, greedy };
  Kind kind = Kind::literal;
  std::string text;  // Of a literal: decoded. Of the others: the name.
};

struct Pattern {
  std::string method;  // Empty: $default.
  std::vector<Segment> segments;
};

std::unexpected<Error> refuse(std::string_view key, std::string_view why) {
  return fail(Fault::bad_config, "route '" + std::string(key) + "': " + std::string(why));
}

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == ':';
  });
}

// What stands before the next '/', which is taken as well.
std::string_view next_segment(std::string_view& path) {
  const auto segment = path.substr(0, path.find('/'));
  path.remove_prefix(std::min(segment.size() + 1, path.size()));
  return segment;
}

// The kind and text of one segment; its error has no key yet.
std::expected<Segment, std::string> parse_segment(std::string_view text) {
  Segment segment;
  if (text.find_first_of("{}") == text.npos) {
    if (text.find_first_of("?# \t") != text.npos)
      return std::unexpected("a path has no blanks, '?' or '#'");
    if (!append_percent_decoded(segment.text, text))
      return std::unexpected("'" + std::string(text) + "' has a '%' without two hex digits");
    return segment;
  }
  if (!text.starts_with('{') || !text.ends_with('}'))
    return std::unexpected("'" + std::string(text) +
                           "' mixes a name and text; a {name} stands for a whole segment");
  text = text.substr(1, text.size() - 2);
  segment.kind = Segment::Kind::name;
  if (text.ends_with('+')) {
    segment.kind = Segment::Kind::greedy;
    text.remove_suffix(1);
  }
  if (!is_name(text))
    return std::unexpected("'{" + std::string(text) +
                           "}' is no name; names have letters, digits, '_', '-', '.' and ':'");
  segment.text = text;
  return segment;
}

Result<std::vector<Segment>> parse_path(std::string_view key, std::string_view path) {
  std::vector<Segment> segments;
  if (!path.starts_with('/')) return refuse(key, "the path has to begin with '/'");
  path.remove_prefix(1);
  for (bool more = true; more;) {
    more = path.find('/') != path.npos;
    auto segment = parse_segment(next_segment(path));
    if (!segment) return refuse(key, segment.error());
    if (segment->kind == Segment::Kind::literal && segment->text.empty() && more)
      return refuse(key, "two '/' stand side by side");
    if (segment->kind == Segment::Kind::greedy && more)
      return refuse(key, "'{" + segment->text + "+}' takes all that is left: it has to stand last");
    const bool twice = segment->kind != Segment::Kind::literal &&
                       std::ranges::any_of(segments, [&segment](const Segment& other) {
                         return other.kind != Segment::Kind::literal && other.text == segment->text;
                       });
    if (twice) return refuse(key, "'{" + segment->text + "}' is there twice");
    segments.push_back(std::move(*segment));
  }
  return segments;
}

Result<Pattern> parse(std::string_view key) {
  if (key == default_key) return Pattern{};
  const auto blank = key.find(' ');
  const auto method = key.substr(0, blank);
  if (blank == key.npos)
    return refuse(key, "write a method and a path, such as 'GET /users/{id}', or $default");
  if (std::ranges::find(known_methods, method) == known_methods.end())
    return refuse(key, "'" + std::string(method) +
                           "' is no method; known ones: GET, HEAD, POST, PUT, DELETE, PATCH, "
                           "OPTIONS and ANY");
  auto segments = parse_path(key, key.substr(blank + 1));
  if (!segments) return std::unexpected(segments.error());
  return Pattern{std::string(method), std::move(*segments)};
}

}  // namespace

struct RouteTable::Entry {
  Route route;
  Pattern pattern;
};

// One segment deeper with each step from the root, which stands for the first '/'. What ends here
// is in `ends`, what takes all that is left from here on in `greedy`; each method at most once.
struct RouteTable::Node {
  using Entries = std::vector<std::shared_ptr<const Entry>>;

  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> name;
  Entries ends;
  Entries greedy;
};

// One look-up: down the tree, the most specific branch first; once for whole paths, then once for
// what is greedy. A node is reached in one way only, so the time is bounded by the size of the
// table.
struct RouteTable::Search {
  std::string_view method;
  bool greedy = false;
  std::vector<std::string_view> methods = {};  // Of routes whose path fits.
  std::vector<std::string> names = {};         // What stands for the {names} on the way down.
  std::string scratch = {};

  // The route of the method, else that of ANY.
  std::shared_ptr<const Entry> pick(const Node::Entries& entries) {
    const std::shared_ptr<const Entry>* any = nullptr;
    for (const auto& entry : entries) {
      const std::string& its = entry->pattern.method;
      if (its == method) return entry;
      if (its == any_method) any = &entry;
      methods.push_back(its);
    }
    return any == nullptr ? nullptr : *any;
  }

  // `path` begins with the segment below `node`. Precondition: its escapes are well-formed.
  std::shared_ptr<const Entry> descend(const Node& node, std::string_view path) {
    std::string_view rest = path;
    const bool last = path.find('/') == path.npos;
    const std::string_view segment = next_segment(rest);
    const auto below = [&](const Node& next) -> std::shared_ptr<const Entry> {
      if (!last) return descend(next, rest);
      return greedy ? nullptr : pick(next.ends);
    };
    scratch.clear();
    append_percent_decoded(scratch, segment);
    if (const auto literal = node.literals.find(scratch); literal != node.literals.end())
      if (auto found = below(*literal->second)) return found;
    if (node.name && !segment.empty()) {
      append_percent_decoded(names.emplace_back(), segment);
      if (auto found = below(*node.name)) return found;
      names.pop_back();
    }
    if (!greedy || path.empty()) return nullptr;
    auto found = pick(node.greedy);
    if (found) append_percent_decoded(names.emplace_back(), path);
    return found;
  }
};

RouteTable::RouteTable() : root_(std::make_unique<Node>()) {}
RouteTable::~RouteTable() = default;
RouteTable::RouteTable(RouteTable&&) noexcept = default;
RouteTable& RouteTable::operator=(RouteTable&&) noexcept = default;

Result<> RouteTable::add(Route route) {
  auto pattern = parse(route.key);
  if (!pattern) return std::unexpected(pattern.error());
  auto entry = std::make_shared<const Entry>(Entry{std::move(route), std::move(*pattern)});
  if (auto placed = place(entry); !placed) return placed;
  routes_.push_back(std::move(entry));
  return {};
}

Result<> RouteTable::place(const std::shared_ptr<const Entry>& entry) {
  const auto taken = [&entry](const Entry& by) {
    return fail(Fault::bad_config, "route '" + entry->route.key + "' of " +
                                       entry->route.owner_name + " is taken by '" + by.route.key +
                                       "' of " + by.route.owner_name +
                                       "; give one of them another path or method");
  };
  if (entry->pattern.method.empty()) {
    if (otherwise_) return taken(*otherwise_);
    otherwise_ = entry;
    return {};
  }
  Node* node = root_.get();
  Node::Entries* entries = nullptr;
  for (const Segment& segment : entry->pattern.segments) {
    if (segment.kind == Segment::Kind::greedy) {
      entries = &node->greedy;
      break;
    }
    auto& next = segment.kind == Segment::Kind::literal ? node->literals[segment.text] : node->name;
    if (!next) next = std::make_unique<Node>();
    node = next.get();
  }
  if (entries == nullptr) entries = &node->ends;
  for (const auto& other : *entries)
    if (other->pattern.method == entry->pattern.method) return taken(*other);
  entries->push_back(entry);
  return {};
}

void RouteTable::remove(const void* owner) {
  std::erase_if(routes_, [owner](const auto& entry) { return entry->route.owner == owner; });
  root_ = std::make_unique<Node>();
  otherwise_.reset();
  for (const auto& entry : routes_) std::ignore = place(entry);  // They agreed before.
}

RouteMatch RouteTable::find(std::string_view method, std::string_view path) const {
  RouteMatch match;
  if (!path.starts_with('/') || !is_percent_encoded(path)) {
    match.outcome = RouteMatch::Outcome::malformed_path;
    return match;
  }
  Search search{.method = method};
  auto found = search.descend(*root_, path.substr(1));
  if (!found) {
    search.greedy = true;
    found = search.descend(*root_, path.substr(1));
  }
  if (!found) found = otherwise_;
  if (found) {
    match.outcome = RouteMatch::Outcome::found;
    std::size_t next = 0;
    for (const Segment& segment : found->pattern.segments)
      if (segment.kind != Segment::Kind::literal)
        match.params.push_back({segment.text, std::move(search.names[next++])});
    match.route = std::shared_ptr<const Route>(found, &found->route);
    return match;
  }
  if (search.methods.empty()) return match;
  match.outcome = RouteMatch::Outcome::method_not_allowed;
  std::ranges::sort(search.methods);
  const auto repeated = std::ranges::unique(search.methods);
  search.methods.erase(repeated.begin(), repeated.end());
  for (const std::string_view one : search.methods)
    match.allow.append(match.allow.empty() ? "" : ", ").append(one);
  return match;
}

Result<> check_route(std::string_view key) {
  auto pattern = parse(key);
  if (!pattern) return std::unexpected(pattern.error());
  return {};
}

}  // namespace tidemill::http
