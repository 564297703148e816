// Complaints: what a pattern's compiler has against it, each with its place. One compilation, one
// thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/pattern/compile.h"

namespace tidemill::pattern {

class Complaints {
 public:
  /// `json` is what offsets count in, and outlives this.
  explicit Complaints(std::string_view json) : json_(json) {}

  void add(std::size_t offset, std::string message);

  std::size_t count() const { return problems_.size(); }

  std::vector<Problem> take() { return std::exchange(problems_, {}); }

  /// While it lives, complaints are about something below `name`.
  class Below {
   public:
    Below(Complaints& complaints, std::string_view name);
    Below(Complaints& complaints, std::size_t index) : Below(complaints, std::to_string(index)) {}
    ~Below() { complaints_.pointer_.resize(length_before_); }
    Below(const Below&) = delete;
    Below& operator=(const Below&) = delete;

   private:
    Complaints& complaints_;
    const std::size_t length_before_;
  };

 private:
  std::string_view json_;
  std::string pointer_;
  std::vector<Problem> problems_;
};

}  // namespace tidemill::pattern
