// The worst case of a field's wildcards, found by walking all sets of beginnings that some value
// can match at once.
#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "core/pattern/wildcard.h"

namespace tidemill::pattern {
namespace {

using State = std::uint32_t;
using States = std::vector<State>;

constexpr int star = 256;
constexpr int quote = '"';
constexpr int any_other_byte = 257;

// A state is one beginning of a wildcard: it is active while that beginning matches what has been
// read. Values are read with quotes around them, so that their end can be told.
class Beginnings {
 public:
  explicit Beginnings(std::span<const std::vector<std::string>> alternatives) : nodes_(1) {
    for (const auto& wildcards : alternatives) {
      const State open = add(0, quote);
      const State close = make(quote);
      // Wildcards of one alternative share their beginnings up to and with their first star.
      std::map<std::pair<State, int>, State> shared;
      for (const std::string& text : wildcards) add_wildcard(text, open, close, shared);
    }
    for (const Node& node : nodes_)
      if (node.byte != star) bytes_.insert(node.byte);
    bytes_.insert(any_other_byte);
  }

  std::size_t worst(std::size_t limit) const {
    // Far above what wildcards within the limit bring about.
    const std::size_t sets_max = 5000 + 16 * nodes_.size();
    std::set<States> seen;
    std::vector<States> pending = {{0}};
    std::size_t worst = 0;
    while (!pending.empty()) {
      const States from = std::move(pending.back());
      pending.pop_back();
      for (const int byte : bytes_) {
        States to = step(from, byte);
        worst = std::max(worst, to.size());
        if (worst > limit || seen.size() > sets_max) return limit + 1;
        if (!to.empty() && seen.insert(to).second) pending.push_back(std::move(to));
      }
    }
    return worst;
  }

 private:
  struct Node {
    int byte = any_other_byte;
    std::vector<State> next;
  };

  State make(int byte) {
    nodes_.push_back({byte, {}});
    return static_cast<State>(nodes_.size() - 1);
  }

  State add(State from, int byte) {
    const State made = make(byte);
    nodes_[from].next.push_back(made);
    return made;
  }

  void add_wildcard(std::string_view text, State at, State close,
                    std::map<std::pair<State, int>, State>& shared) {
    bool starless = true;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool is_star = text[i] == '*';
      if (text[i] == '\\') ++i;
      const int byte = is_star ? star : static_cast<unsigned char>(text[i]);
      if (starless) {
        const auto [known, fresh] = shared.try_emplace({at, byte}, 0);
        if (fresh) known->second = add(at, byte);
        at = known->second;
      } else {
        at = add(at, byte);
      }
      starless = starless && !is_star;
    }
    nodes_[at].next.push_back(close);
  }

  // A star matches nothing as well: it is active as soon as what stands before it is.
  void activate(State state, States& active) const {
    active.push_back(state);
    for (const State next : nodes_[state].next)
      if (nodes_[next].byte == star) active.push_back(next);
  }

  States step(const States& from, int byte) const {
    States to;
    for (const State state : from) {
      if (nodes_[state].byte == star) to.push_back(state);
      for (const State next : nodes_[state].next)
        if (nodes_[next].byte == byte) activate(next, to);
    }
    std::ranges::sort(to);
    to.erase(std::ranges::unique(to).begin(), to.end());
    return to;
  }

  std::vector<Node> nodes_;
  std::set<int> bytes_;
};

}  // namespace

std::size_t complexity(std::span<const std::vector<std::string>> alternatives, std::size_t limit) {
  return Beginnings(alternatives).worst(limit);
}

}  // namespace tidemill::pattern
