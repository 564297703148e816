#include "core/pattern/tally.h"

namespace tidemill::pattern {
namespace {

// Room for more than this is given back.
constexpr std::size_t kept_items_max = 1 << 18;

template <class T>
void forget(std::vector<T>& items) {
  if (items.capacity() > kept_items_max) items = std::vector<T>();
  items.clear();
}

}  // namespace

void Elements::clear() {
  forget(elements_);
  elements_.push_back({});
  arrays_ = 0;
}

bool Elements::consistent(std::uint32_t a, std::uint32_t b) const {
  std::uint32_t array_a = none;
  std::uint32_t array_b = none;
  while (a != b) {
    const bool up_a = elements_[a].depth >= elements_[b].depth;
    const bool up_b = elements_[b].depth >= elements_[a].depth;
    if (up_a) {
      array_a = elements_[a].array;
      a = elements_[a].parent;
    }
    if (up_b) {
      array_b = elements_[b].array;
      b = elements_[b].parent;
    }
    // Where one lies within the other, only that one moved last: nothing parted them.
    if (a == b) return !(up_a && up_b) || array_a != array_b;
  }
  return true;
}

void Tally::begin(const Program& program, std::uint64_t program_id) {
  if (program_id_ != program_id || ++event_ == 0) {
    fields_.assign(program.fields.size(), {});
    predicates_.assign(program.predicates.size(), {});
    negations_.assign(program.negations, {});
    program_id_ = program_id;
    event_ = 1;
  }
  program_ = &program;
  forget(links_);
  forget(values_);
  satisfied_.clear();
  awaited_.clear();
  elements_.clear();
}

void Tally::add_nested(Count& count, std::uint32_t value) {
  ++count.nested;
  links_.push_back({value, count.last});
  count.last = static_cast<std::uint32_t>(links_.size() - 1);
}

}  // namespace tidemill::pattern
