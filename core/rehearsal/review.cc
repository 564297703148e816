#include "core/rehearsal/review.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "core/config/options.h"
#include "core/config/suggest.h"
#include "core/rehearsal/expectation.h"
#include "core/rehearsal/scene.h"

namespace tidemill::rehearsal {
namespace {

namespace json = boost::json;
using config::Node;

// More rows than anybody reads are counted.
constexpr std::size_t records_worth_recording = 20;

std::vector<std::string> names_of(const Outcome::Records& records) {
  std::vector<std::string> names;
  for (const auto& [name, list] : records) names.push_back(name);
  return names;
}

// Rows by their keys, for an expectation that is written so.
json::value by_key(const json::array& rows) {
  json::object object;
  for (const json::value& row : rows) object[row.at("key").get_string()] = row.at("data");
  return object;
}

bool is_by_key(const Node& expected) {
  return expected.is_mapping() &&
         (expected.children.empty() || !expected.children.front().key.starts_with('$') ||
          expected.children.front().key == "$exact");
}

class Reviewer {
 public:
  Reviewer(const Case& one, const Outcome& outcome, config::Problems& problems)
      : expect_(one.expect), outcome_(outcome), problems_(problems) {}

  std::vector<Section> review() {
    if (const Node* node = expect_.find("invocations"))
      add({"invocations"}, *node, outcome_.invocations);
    if (const Node* node = expect_.find("sinks"))
      for (const Node& child : node->children) add_sink(child);
    add_records("tables", outcome_.tables);
    add_records("queues", outcome_.queues);
    add_records("logs", outcome_.logs);
    if (const Node* node = expect_.find("dead_letters"))
      add({"dead_letters"}, *node, outcome_.dead_letters);
    if (const Node* node = expect_.find("summary")) add_summary(*node);
    return std::move(sections_);
  }

 private:
  void add(std::vector<std::string> path, const Node& expected, json::value actual) {
    sections_.push_back({std::move(path), &expected, std::move(actual)});
  }

  void add_sink(const Node& node) {
    std::vector<std::string> places;
    for (const auto& [place, records] : outcome_.sinks)
      if (is_place(node.key, place)) places.push_back(place);
    if (places.size() == 1)
      return add({"sinks", node.key}, node, outcome_.sinks.at(places.front()));
    if (places.empty()) {
      problems_.add(node.key_where, fmt::format("no sink {} is recorded", config::shown(node.key)),
                    "tables, queues and logs have sections of their own; " +
                        config::suggest(node.key, names_of(outcome_.sinks), "sinks"));
    } else {
      problems_.add(node.key_where,
                    fmt::format("several pipelines have a sink {}", config::shown(node.key)),
                    fmt::format("write {}", fmt::join(places, " or ")));
    }
  }

  void add_records(const std::string& section, const Outcome::Records& records) {
    const Node* node = expect_.find(section);
    if (node == nullptr) return;
    for (const Node& child : node->children) {
      const auto found = records.find(child.key);
      if (found == records.end()) {
        problems_.add(child.key_where,
                      fmt::format("there is no {} in {}", config::shown(child.key), section),
                      config::suggest(child.key, names_of(records), section));
      } else if (section == "tables" && is_by_key(child)) {
        add({section, child.key}, child, by_key(found->second));
      } else {
        add({section, child.key}, child, found->second);
      }
    }
  }

  // Of the only pipeline, or by pipeline.
  void add_summary(const Node& node) {
    const auto& all = outcome_.summary;
    const bool named = std::ranges::any_of(
        node.children, [&](const Node& child) { return all.contains(child.key); });
    if (all.size() == 1 && !named) return add_stats({"summary"}, node, all.begin()->second);
    std::vector<std::string> names;
    for (const auto& [name, stats] : all) names.push_back(name);
    for (const Node& child : node.children) {
      const auto found = all.find(child.key);
      if (found == all.end()) {
        problems_.add(child.key_where, fmt::format("no pipeline {} ran", config::shown(child.key)),
                      config::suggest(child.key, names, "pipelines that ran"));
      } else {
        add_stats({"summary", child.key}, child, found->second);
      }
    }
  }

  void add_stats(std::vector<std::string> path, const Node& node, const json::object& stats) {
    if (!config::expect_mapping(node, node.key, problems_)) return;
    std::vector<std::string> names;
    for (const auto& [name, value] : stats) names.emplace_back(name);
    config::check_keys(node, names, problems_);
    add(std::move(path), node, stats);
  }

  const Node& expect_;
  const Outcome& outcome_;
  config::Problems& problems_;
  std::vector<Section> sections_;
};

json::value worth_recording(const json::array& records) {
  if (records.size() > records_worth_recording) return records.size();
  return brief(records);
}

json::object without_zeros(const json::object& stats) {
  json::object some;
  for (const auto& [name, value] : stats)
    if (value != 0) some[name] = value;
  return some;
}

}  // namespace

std::string Section::name() const { return fmt::format("{}", fmt::join(path, ".")); }

std::vector<Section> sections_of(const Case& one, const Outcome& outcome,
                                 config::Problems& problems) {
  return Reviewer(one, outcome, problems).review();
}

std::vector<Section> everything(const Outcome& outcome) {
  std::vector<Section> all;
  if (!outcome.invocations.empty())
    all.push_back({{"invocations"}, nullptr, worth_recording(outcome.invocations)});
  for (const auto& [place, records] : outcome.sinks) {
    const std::string name = place.substr(place.find('.') + 1);
    const bool unique = std::ranges::count_if(outcome.sinks, [&](const auto& other) {
                          return is_place(name, other.first);
                        }) == 1;
    all.push_back({{"sinks", unique ? name : place}, nullptr, worth_recording(records)});
  }
  for (const auto& [name, rows] : outcome.tables) {
    const bool many = rows.size() > records_worth_recording;
    json::value worth = many ? json::value(rows.size()) : by_key(rows);
    if (rows.empty()) worth = json::array();
    all.push_back({{"tables", name}, nullptr, std::move(worth)});
  }
  for (const auto& [name, entries] : outcome.queues)
    all.push_back({{"queues", name}, nullptr, worth_recording(entries)});
  for (const auto& [name, entries] : outcome.logs)
    all.push_back({{"logs", name}, nullptr, worth_recording(entries)});
  all.push_back({{"dead_letters"}, nullptr, worth_recording(outcome.dead_letters)});
  const bool one = outcome.summary.size() == 1;
  for (const auto& [name, stats] : outcome.summary) {
    std::vector<std::string> path{"summary"};
    if (!one) path.push_back(name);
    all.push_back({std::move(path), nullptr, without_zeros(stats)});
  }
  return all;
}

}  // namespace tidemill::rehearsal
