// CallExecutor: hands what Asio posts to a queue of ours, as an Executor.
#pragma once

#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <functional>
#include <memory>
#include <utility>

namespace tidemill {

/// What takes calls to run them later, on any thread. Thread-safe.
class CallQueue {
 public:
  using Call = std::move_only_function<void()>;

  virtual ~CallQueue() = default;
  virtual void add(Call call) = 0;
  virtual boost::asio::execution_context& context() = 0;
};

/// What any_io_executor asks of an executor. Never runs anything inside execute().
struct CallExecutor {
  std::shared_ptr<CallQueue> queue;

  template <class Handler>
  void execute(Handler handler) const {
    queue->add(CallQueue::Call(std::move(handler)));
  }
  boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept {
    return queue->context();
  }
  static constexpr boost::asio::execution::blocking_t query(
      boost::asio::execution::blocking_t) noexcept {
    return boost::asio::execution::blocking.never;
  }
  CallExecutor require(boost::asio::execution::blocking_t::never_t) const { return *this; }
  friend bool operator==(const CallExecutor&, const CallExecutor&) = default;
};

}  // namespace tidemill
