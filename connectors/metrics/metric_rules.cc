#include "metric_rules.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace tidemill::metrics {
namespace {

namespace json = boost::json;

// As Prometheus has them where nothing else is said: for seconds.
const std::vector<double>& usual_buckets() {
  static const std::vector<double> buckets{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
  return buckets;
}

bool is_name(std::string_view name, bool colon) {
  const auto first = [colon](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':');
  };
  return !name.empty() && first(name.front()) &&
         std::ranges::all_of(name, [&first](char c) { return first(c) || (c >= '0' && c <= '9'); });
}

// One metric at a time; `about` names it in what is told.
class RuleReader {
 public:
  RuleReader(std::string about, const CompileExpression& compile)
      : about_(std::move(about)), compile_(compile) {}

  Result<MetricRule> read(MeterKind kind, std::string_view name, const json::value& body) const {
    if (!is_name(name, true))
      return refuse("a name has letters, digits, '_' and ':', and no digit first");
    if (name.starts_with("tidemill_"))
      return refuse("names that begin with tidemill_ are the engine's own");
    MetricRule rule;
    rule.decl.kind = kind;
    rule.decl.name = name;
    rule.decl.help = "Made by a metrics sink.";
    if (kind == MeterKind::histogram) rule.decl.buckets = usual_buckets();
    static const json::object nothing;
    if (!body.is_object() && !body.is_null()) return refuse("expected a mapping");
    for (const auto& [key, value] : body.is_null() ? nothing : body.get_object())
      if (auto taken = take(rule, key, value); !taken) return std::unexpected(taken.error());
    if (kind != MeterKind::counter && rule.value == nullptr)
      return refuse("value is missing; say where it stands, as `value: .ms`");
    return rule;
  }

 private:
  std::unexpected<Error> refuse(std::string_view why) const {
    return fail(Fault::bad_config, about_ + ": " + std::string(why));
  }

  Result<> take(MetricRule& rule, std::string_view key, const json::value& value) const {
    const MeterKind kind = rule.decl.kind;
    if (key == "help") {
      if (!value.is_string()) return refuse("help takes text");
      rule.decl.help = value.get_string();
    } else if (key == "labels") {
      return take_labels(rule, value);
    } else if (key == (kind == MeterKind::counter ? "by" : "value")) {
      auto compiled = compile(key, value);
      if (!compiled) return std::unexpected(compiled.error());
      rule.value = std::move(*compiled);
    } else if (key == "buckets" && kind == MeterKind::histogram) {
      return take_buckets(rule, value);
    } else {
      std::string known = kind == MeterKind::counter ? "by" : "value";
      if (kind == MeterKind::histogram) known += ", buckets";
      return refuse("unknown key '" + std::string(key) + "'; known keys: help, labels, " + known);
    }
    return {};
  }

  Result<> take_labels(MetricRule& rule, const json::value& labels) const {
    if (!labels.is_object()) return refuse("labels: expected a mapping, LABEL: jq each");
    for (const auto& [label, value] : labels.get_object()) {
      const bool taken = rule.decl.kind == MeterKind::histogram && label == "le";
      if (!is_name(label, false) || std::string_view(label).starts_with("__") || taken)
        return refuse("labels: '" + std::string(label) + "' cannot be the name of a label");
      auto compiled = compile(label, value);
      if (!compiled) return std::unexpected(compiled.error());
      rule.decl.labels.emplace_back(label);
      rule.labels.push_back(std::move(*compiled));
    }
    return {};
  }

  Result<> take_buckets(MetricRule& rule, const json::value& buckets) const {
    const auto wrong = [this] {
      return refuse("buckets takes ascending numbers, as [0.1, 1, 10]");
    };
    if (!buckets.is_array() || buckets.get_array().empty()) return wrong();
    std::vector<double> bounds;
    for (const json::value& bound : buckets.get_array()) {
      if (!bound.is_number()) return wrong();
      const double number = bound.to_number<double>();
      if (!std::isfinite(number) || (!bounds.empty() && number <= bounds.back())) return wrong();
      bounds.push_back(number);
    }
    rule.decl.buckets = std::move(bounds);
    return {};
  }

  Result<std::shared_ptr<const EventExpression>> compile(std::string_view key,
                                                         const json::value& value) const {
    // What looks like a number or true in YAML is jq as well.
    const std::string text =
        value.is_string() ? std::string(value.get_string()) : json::serialize(value);
    auto compiled = compile_(text);
    if (!compiled) return refuse(std::string(key) + ": " + compiled.error().message);
    return compiled;
  }

  const std::string about_;
  const CompileExpression& compile_;
};

}  // namespace

Result<std::vector<MetricRule>> read_rules(const SinkConfig& config,
                                           const CompileExpression& compile) {
  std::vector<MetricRule> rules;
  std::set<std::string> names;
  struct Section {
    const char* name;
    const Mapping& mapping;
    MeterKind kind;
  };
  for (const Section& section : {Section{"counters", config.counters, MeterKind::counter},
                                 Section{"gauges", config.gauges, MeterKind::gauge},
                                 Section{"histograms", config.histograms, MeterKind::histogram}}) {
    if (section.mapping.json.empty()) continue;
    boost::system::error_code error;
    const json::value parsed = json::parse(section.mapping.json, error);
    if (error || !parsed.is_object())
      return fail(Fault::bad_config, std::string(section.name) + ": expected a mapping");
    for (const auto& [name, body] : parsed.get_object()) {
      const std::string about = std::string(section.name) + ": " + std::string(name);
      auto rule = RuleReader(about, compile).read(section.kind, name, body);
      if (!rule) return std::unexpected(rule.error());
      if (!names.insert(rule->decl.name).second)
        return fail(Fault::bad_config, about + ": there is another metric of that name here");
      rule->decl.series_max = config.max_series;
      rules.push_back(std::move(*rule));
    }
  }
  if (rules.empty())
    return fail(Fault::bad_config, "nothing to measure: add counters, gauges or histograms");
  return rules;
}

}  // namespace tidemill::metrics
