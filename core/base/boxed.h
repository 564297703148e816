// Boxed<T>: a T on the heap that is copied with its owner, or nothing. For what is large and rarely
// there, inside values of which there are many.
#pragma once

#include <memory>
#include <utility>

namespace tidemill {

template <class T>
class Boxed {
 public:
  Boxed() = default;
  Boxed(T value) : value_(std::make_unique<T>(std::move(value))) {}
  Boxed(const Boxed& other) : value_(other ? std::make_unique<T>(*other) : nullptr) {}
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(const Boxed& other) {
    if (this != &other) value_ = other ? std::make_unique<T>(*other) : nullptr;
    return *this;
  }
  Boxed& operator=(Boxed&&) noexcept = default;
  ~Boxed() = default;

  explicit operator bool() const { return value_ != nullptr; }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return value_.get(); }
  const T* operator->() const { return value_.get(); }

  friend bool operator==(const Boxed& left, const Boxed& right) {
    return left && right ? *left == *right : !left && !right;
  }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace tidemill
