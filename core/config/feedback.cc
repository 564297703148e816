#include "core/config/feedback.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <set>

namespace tidemill::config {
namespace {

using Path = std::vector<std::size_t>;  // Indexes of flows, each feeding the next.

class Graph {
 public:
  explicit Graph(const std::vector<Flow>& flows) : flows_(flows), feeds_(flows.size()) {
    for (std::size_t from = 0; from < flows.size(); ++from)
      for (const auto& outlet : flows[from].outlets)
        for (std::size_t to = 0; to < flows.size(); ++to)
          if (sees(to, outlet)) feeds_[from].insert(to);
  }

  bool sees(std::size_t to, const Flow::Outlet& outlet) const {
    if (outlet.continues) return false;
    if (!flows_[to].reads.empty()) return flows_[to].reads == outlet.place;
    return flows_[to].source != nullptr && flows_[to].source->sees(outlet.place);
  }

  // The shortest way, both ends included; breadth first.
  std::optional<Path> way(std::size_t from, std::size_t to) const {
    std::deque<Path> open{{from}};
    std::set<std::size_t> visited{from};
    while (!open.empty()) {
      const Path path = std::move(open.front());
      open.pop_front();
      if (path.back() == to) return path;
      for (const auto next : feeds_[path.back()]) {
        if (!visited.insert(next).second) continue;
        Path longer = path;
        longer.push_back(next);
        open.push_back(std::move(longer));
      }
    }
    return std::nullopt;
  }

 private:
  const std::vector<Flow>& flows_;
  std::vector<std::set<std::size_t>> feeds_;
};

}  // namespace

std::string own_place(std::string_view kind, std::string_view name) {
  return fmt::format("{}:{}", kind, name);
}

void warn_unwritten(const std::vector<Flow>& flows, Problems& problems) {
  for (const auto& flow : flows) {
    if (flow.reads.empty()) continue;
    const bool written = std::ranges::any_of(flows, [&](const Flow& other) {
      return std::ranges::any_of(
          other.outlets, [&](const Flow::Outlet& outlet) { return outlet.place == flow.reads; });
    });
    if (!written)
      problems.warn(flow.reads_where, fmt::format("no pipeline here writes {}", flow.reads),
                    "only what it holds already is read; correct the name, or name the file of the "
                    "pipeline that writes it too");
  }
}

void check_feedback(const std::vector<Flow>& flows, Problems& problems) {
  const Graph graph(flows);
  std::set<std::set<std::size_t>> told;
  for (std::size_t from = 0; from < flows.size(); ++from) {
    for (const auto& outlet : flows[from].outlets) {
      for (std::size_t to = 0; to < flows.size(); ++to) {
        if (!graph.sees(to, outlet)) continue;
        const auto back = graph.way(to, from);
        if (!back) continue;
        // A cycle through several pipelines is met once from each of them; two sinks of one
        // pipeline that feed it are two mistakes.
        const bool first = told.insert({back->begin(), back->end()}).second;
        if (!first && from != to) continue;
        std::vector<std::string> names{flows[from].pipeline};
        for (const auto index : *back) names.push_back(flows[index].pipeline);
        problems.add(outlet.where,
                     fmt::format("sink {} writes to {}, which feeds its own pipeline: {}",
                                 outlet.sink, outlet.place, fmt::join(names, " -> ")),
                     "write to a place that none of these sources reads");
      }
    }
  }
}

}  // namespace tidemill::config
