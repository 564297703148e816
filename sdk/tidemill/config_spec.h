// ConfigSpec: one declaration of an option gives its parser, its default, its error messages, its
// JSON Schema, its line in `tidemill describe` and its row in the reference.
//
//     struct Config {
//       std::chrono::microseconds every = std::chrono::minutes(1);
//     };
//     ConfigSpec<Config> spec() {
//       return ConfigSpec<Config>("Emits one event per period.")
//           .field("every", &Config::every, "Time between ticks.")
//           .check("every must be at least 1ms", [](const Config& c) { return c.every >= 1ms; });
//     }
//
// The engine reads YAML, checks it against the declarations (with file, line and column) and hands
// over ResolvedOptions: plain names and normalized text. This header needs the standard library
// only, so that plugins use it on their side of the C ABI.
#pragma once

#include <charconv>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "tidemill/result.h"

namespace tidemill {

/// Values as YAML writes them, and what they are normalized to. The numbers are part of the ABI.
enum class OptionType : std::uint32_t {
  text = 1,      ///< Any text.
  boolean = 2,   ///< true, false -> "true", "false".
  integer = 3,   ///< 42 -> "42".
  number = 4,    ///< 0.5 -> "0.5".
  bytes = 5,     ///< 6MiB, 500KB, 1024 -> bytes in decimal.
  duration = 6,  ///< 250ms, 10s, 1h, 14d -> microseconds in decimal.
  rate = 7,      ///< 100/s, 5/m -> events per second as a number.
  choice = 8,    ///< One of `choices`.
  secret = 9,    ///< Text that is never shown.
  path = 10,     ///< Relative to the file it stands in -> absolute.
  mapping = 11,  ///< A mapping whose keys are the user's own -> JSON on one line.
  source = 12,   ///< A source, as under `source:` -> its kind; its options follow as NAME.OPTION.
};

/// One option, as data. Options of nested groups have dotted names ("backoff.initial").
struct OptionDecl {
  std::string name;
  OptionType type = OptionType::text;
  bool required = false;
  bool list = false;          ///< A sequence (a lone value is taken too); one entry per element.
  std::string default_value;  ///< Normalized; empty when there is none.
  std::string doc;            ///< One sentence.
  std::vector<std::string> choices;
  std::optional<double> min;  ///< Over the normalized number, inclusive.
  std::optional<double> max;
};

/// Name and normalized text of each option that was set; a list repeats its name.
using ResolvedOptions = std::vector<std::pair<std::string, std::string>>;

/// An amount of memory or data.
struct ByteSize {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(const ByteSize&, const ByteSize&) = default;
};

struct Rate {
  double per_second = 0;  ///< 0: no limit.
  friend constexpr auto operator<=>(const Rate&, const Rate&) = default;
};

/// A value that must not appear in logs, errors or plans. Read it only where it is sent.
struct Secret {
  std::string value;
};

/// A mapping with keys that nobody declared, as JSON. Who reads it checks it.
struct Mapping {
  std::string json;
};

/// A source that is an option of another connector: see ConfigSpec::source() and build_source().
struct SourceOption {
  std::string kind;  ///< Empty: it was not given.
  ResolvedOptions options;

  explicit operator bool() const { return !kind.empty(); }
};

struct FilePath {
  std::string value;
  friend auto operator<=>(const FilePath&, const FilePath&) = default;
};

namespace option {

template <class T>
concept Integer = std::is_integral_v<T> && !std::is_same_v<T, bool>;

template <class T>
T number_of(std::string_view text) {
  T value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

inline std::string shown(double value) {
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return std::string(buffer, end);
}

/// How one C++ type is declared, shown and read. Specialize for further types.
template <class T>
struct Traits;

template <>
struct Traits<std::string> {
  static constexpr auto type = OptionType::text;
  static std::string show(const std::string& v) { return v; }
  static std::string read(std::string_view t) { return std::string(t); }
};
template <>
struct Traits<bool> {
  static constexpr auto type = OptionType::boolean;
  static std::string show(bool v) { return v ? "true" : "false"; }
  static bool read(std::string_view t) { return t == "true"; }
};
template <Integer T>
struct Traits<T> {
  static constexpr auto type = OptionType::integer;
  static std::string show(T v) { return std::to_string(v); }
  static T read(std::string_view t) { return number_of<T>(t); }
};
template <>
struct Traits<double> {
  static constexpr auto type = OptionType::number;
  static std::string show(double v) { return shown(v); }
  static double read(std::string_view t) { return number_of<double>(t); }
};
template <>
struct Traits<ByteSize> {
  static constexpr auto type = OptionType::bytes;
  static std::string show(ByteSize v) { return std::to_string(v.value); }
  static ByteSize read(std::string_view t) { return {number_of<std::uint64_t>(t)}; }
};
template <>
struct Traits<std::chrono::microseconds> {
  static constexpr auto type = OptionType::duration;
  static std::string show(std::chrono::microseconds v) { return std::to_string(v.count()); }
  static std::chrono::microseconds read(std::string_view t) {
    return std::chrono::microseconds(number_of<std::int64_t>(t));
  }
};
template <>
struct Traits<Rate> {
  static constexpr auto type = OptionType::rate;
  static std::string show(Rate v) { return shown(v.per_second); }
  static Rate read(std::string_view t) { return {number_of<double>(t)}; }
};
template <>
struct Traits<Secret> {
  static constexpr auto type = OptionType::secret;
  static std::string show(const Secret&) { return {}; }
  static Secret read(std::string_view t) { return {std::string(t)}; }
};
template <>
struct Traits<FilePath> {
  static constexpr auto type = OptionType::path;
  static std::string show(const FilePath& v) { return v.value; }
  static FilePath read(std::string_view t) { return {std::string(t)}; }
};
template <>
struct Traits<Mapping> {
  static constexpr auto type = OptionType::mapping;
  static std::string show(const Mapping& v) { return v.json; }
  static Mapping read(std::string_view t) { return {std::string(t)}; }
};

/// What a field may say beyond its type; see in_range().
struct Limits {
  std::optional<double> min, max;
};

}  // namespace option

enum class Need { optional, required };

/// Inclusive bounds over the normalized number (bytes, microseconds, ...).
inline option::Limits in_range(double min, double max) { return {min, max}; }
inline option::Limits at_least(double min) { return {min, std::nullopt}; }

/// Describes how options become a `Config`. The default of an option is the default member
/// initializer of its field: it is written once. A default of nothing (empty text, empty list,
/// std::nullopt) shows as none.
template <class Config>
class ConfigSpec {
 public:
  explicit ConfigSpec(std::string_view summary) : summary_(summary) {}

  /// `doc` is one sentence; say the unit when the type does not.
  template <class T>
  ConfigSpec&& field(std::string_view name, T Config::* member, std::string_view doc,
                     Need need = Need::optional, option::Limits limits = {}) && {
    using Traits = option::Traits<T>;
    limits = within_type<T>(limits);
    add(name, Traits::type, doc, need, limits, Traits::show(Config{}.*member),
        [member](Config& c, std::string_view text) { c.*member = Traits::read(text); });
    return std::move(*this);
  }

  template <class T>
  ConfigSpec&& field(std::string_view name, T Config::* member, std::string_view doc,
                     option::Limits limits) && {
    return std::move(*this).field(name, member, doc, Need::optional, limits);
  }

  /// An option that may be absent.
  template <class T>
  ConfigSpec&& field(std::string_view name, std::optional<T> Config::* member, std::string_view doc,
                     option::Limits limits = {}) && {
    using Traits = option::Traits<T>;
    limits = within_type<T>(limits);
    add(name, Traits::type, doc, Need::optional, limits, "",
        [member](Config& c, std::string_view text) { c.*member = Traits::read(text); });
    return std::move(*this);
  }

  /// A list; in YAML a sequence, or one value standing for a list of one.
  template <class T>
  ConfigSpec&& field(std::string_view name, std::vector<T> Config::* member, std::string_view doc,
                     Need need = Need::optional) && {
    using Traits = option::Traits<T>;
    add(name, Traits::type, doc, need, {}, "",
        [member](Config& c, std::string_view text) { (c.*member).push_back(Traits::read(text)); });
    auto& decl = decls_.back();
    decl.list = true;
    const Config initial{};
    for (const T& value : initial.*member)
      decl.default_value += (decl.default_value.empty() ? "" : ", ") + Traits::show(value);
    clears_.emplace_back(decl.name, [member](Config& c) { (c.*member).clear(); });
    return std::move(*this);
  }

  /// An enum by the names of its values.
  template <class E>
    requires std::is_enum_v<E>
  ConfigSpec&& choice(std::string_view name, E Config::* member, std::string_view doc,
                      std::initializer_list<std::pair<std::string_view, E>> values) && {
    std::vector<std::pair<std::string, E>> names(values.begin(), values.end());
    std::string initial;
    for (const auto& [text, value] : names)
      if (value == Config{}.*member) initial = text;
    std::vector<std::string> choices;
    for (const auto& [text, value] : names) choices.push_back(text);
    add(name, OptionType::choice, doc, Need::optional, {}, initial,
        [member, names = std::move(names)](Config& c, std::string_view text) {
          for (const auto& [known, value] : names)
            if (known == text) c.*member = value;
        });
    decls_.back().choices = std::move(choices);
    return std::move(*this);
  }

  /// A source of any kind that the engine knows, for the connector to drive; it may be absent. Not
  /// inside a group, and not for functions.
  ConfigSpec&& source(std::string_view name, SourceOption Config::* member,
                      std::string_view doc) && {
    add(name, OptionType::source, doc, Need::optional, {}, "",
        [member](Config& c, std::string_view text) { (c.*member).kind = std::string(text); });
    groups_.push_back(
        {std::string(name) + ".", [member](Config& c, const ResolvedOptions& options) -> Result<> {
           (c.*member).options = options;
           return {};
         }});
    return std::move(*this);
  }

  /// A nested mapping with a spec of its own; its options get the dotted prefix.
  template <class Group>
  ConfigSpec&& group(std::string_view name, Group Config::* member, ConfigSpec<Group> spec) && {
    add_group(std::string(name) + ".", member, std::move(spec));
    return std::move(*this);
  }

  /// Options that several specs share; they stand among the others, without a prefix.
  template <class Group>
  ConfigSpec&& include(Group Config::* member, ConfigSpec<Group> spec) && {
    add_group("", member, std::move(spec));
    return std::move(*this);
  }

  /// A rule over the whole config; `rule` is the sentence the user reads when it fails.
  ConfigSpec&& check(std::string_view rule, std::function<bool(const Config&)> holds) && {
    rules_.emplace_back(rule, std::move(holds));
    return std::move(*this);
  }

  /// Builds the config from options that were checked against decls().
  ///
  /// Errors: bad_config, with the rule that does not hold.
  Result<Config> make(const ResolvedOptions& options) const {
    Config config{};
    for (const auto& [name, clear] : clears_)
      for (const auto& option : options)
        if (option.first == name) {
          clear(config);
          break;
        }
    for (const auto& [name, text] : options)
      for (std::size_t i = 0; i < decls_.size(); ++i)
        if (decls_[i].name == name && setters_[i]) setters_[i](config, text);
    for (const auto& [prefix, read] : groups_) {
      ResolvedOptions inner;
      for (const auto& [name, text] : options)
        if (name.starts_with(prefix)) inner.emplace_back(name.substr(prefix.size()), text);
      if (auto ok = read(config, inner); !ok) return std::unexpected(ok.error());
    }
    for (const auto& [rule, holds] : rules_)
      if (!holds(config)) return fail(Fault::bad_config, rule);
    return config;
  }

  const std::string& summary() const { return summary_; }
  const std::vector<OptionDecl>& decls() const { return decls_; }

 private:
  using Setter = std::function<void(Config&, std::string_view)>;

  struct GroupReader {
    std::string prefix;
    std::function<Result<>(Config&, const ResolvedOptions&)> read;
  };

  template <class Group>
  void add_group(const std::string& prefix, Group Config::* member, ConfigSpec<Group> spec) {
    for (OptionDecl decl : spec.decls()) {
      decl.name = prefix + decl.name;
      decls_.push_back(std::move(decl));
      setters_.emplace_back();
    }
    groups_.push_back(
        {prefix,
         [member, spec = std::move(spec)](Config& c, const ResolvedOptions& options) -> Result<> {
           auto made = spec.make(options);
           if (!made) return std::unexpected(made.error());
           c.*member = std::move(*made);
           return {};
         }});
  }

  // A value that would not fit its C++ type must be refused where the line number is known.
  template <class T>
  static option::Limits within_type(option::Limits limits) {
    if constexpr (option::Integer<T>) {
      if (!limits.min) limits.min = static_cast<double>(std::numeric_limits<T>::min());
      if (!limits.max) limits.max = static_cast<double>(std::numeric_limits<T>::max());
    } else if constexpr (!std::is_same_v<T, std::string> && !std::is_same_v<T, double>) {
      if (!limits.min) limits.min = 0;
    }
    return limits;
  }

  void add(std::string_view name, OptionType type, std::string_view doc, Need need,
           option::Limits limits, std::string initial, Setter set) {
    const bool numeric = type == OptionType::integer || type == OptionType::number ||
                         type == OptionType::bytes || type == OptionType::duration ||
                         type == OptionType::rate;
    if (!numeric) limits = {};
    decls_.push_back(OptionDecl{.name = std::string(name),
                                .type = type,
                                .required = need == Need::required,
                                .list = false,
                                .default_value = need == Need::required ? "" : std::move(initial),
                                .doc = std::string(doc),
                                .choices = {},
                                .min = limits.min,
                                .max = limits.max});
    setters_.push_back(std::move(set));
  }

  std::string summary_;
  std::vector<OptionDecl> decls_;
  std::vector<Setter> setters_;  // Invariant: one per decl; empty for options of groups.
  std::vector<std::pair<std::string, std::function<void(Config&)>>> clears_;
  std::vector<GroupReader> groups_;
  std::vector<std::pair<std::string, std::function<bool(const Config&)>>> rules_;
};

}  // namespace tidemill
