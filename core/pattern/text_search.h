// TextSearch: which of a fixed set of strings occur in a value? Built once, then read by any
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/pattern/string_table.h"

namespace tidemill::pattern {

/// What one search has seen; belongs to one thread, and is reused from search to search.
struct SearchMemory {
  std::vector<std::uint32_t> seen;  // per state of the largest automaton, in which search
  std::uint32_t search = 0;
};

/// The automaton of Aho and Corasick: one pass over the value, whatever the number of strings.
class TextSearch {
 public:
  TextSearch() = default;

  /// The strings are all different, and none is empty.
  explicit TextSearch(std::span<const std::string> texts);

  bool empty() const { return states_.empty(); }

  /// Calls `found(index)` once for each of the strings that occurs in `value`, with its index among
  /// those given.
  template <class Found>
  void find(std::string_view value, SearchMemory& memory, Found&& found) const {
    begin_search(memory);
    std::uint32_t state = 0;
    for (const char c : value) {
      state = next(state, static_cast<unsigned char>(c));
      std::uint32_t end = states_[state].text != none ? state : states_[state].shorter;
      // What was found once has also reported everything that it ends with.
      for (; end != none && memory.seen[end] != memory.search; end = states_[end].shorter) {
        memory.seen[end] = memory.search;
        found(states_[end].text);
      }
    }
  }

 private:
  struct State {
    std::uint32_t edges = 0;  // its edges begin here, those of the next state behind them
    std::uint32_t fail = 0;   // the longest proper end of this state's text that is a state
    std::uint32_t text = none;
    std::uint32_t shorter = none;  // the longest proper end of its text that is one of the strings
  };
  struct Edge {
    unsigned char byte;
    std::uint32_t to;
  };

  void begin_search(SearchMemory& memory) const;
  std::uint32_t edge(std::uint32_t state, unsigned char byte) const;

  std::uint32_t next(std::uint32_t state, unsigned char byte) const {
    for (; state != 0; state = states_[state].fail)
      if (const std::uint32_t to = edge(state, byte); to != none) return to;
    return root_[byte];
  }

  std::array<std::uint32_t, 256> root_{};  // from the empty text, where most of a value is read
  std::vector<State> states_;
  std::vector<Edge> edges_;
};

}  // namespace tidemill::pattern
