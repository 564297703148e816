#include "bench/amqp/broker.h"

#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "bench/measure/child_process.h"

extern char** environ;

namespace tidemill::bench {
namespace {

constexpr std::uint64_t unconfirmed_max = 2000;

std::string first_line(int descriptor) {
  std::string line;
  char one = 0;
  while (::read(descriptor, &one, 1) == 1 && one != '\n') line += one;
  return line;
}

std::string field(const std::string& line, const std::string& name) {
  const std::string before = "\"" + name + "\": \"";
  const auto begin = line.find(before);
  require(begin != line.npos, "no broker: " + line);
  const auto value = begin + before.size();
  return line.substr(value, line.find('"', value) - value);
}

std::string click(std::uint64_t n, std::size_t bytes) {
  std::string text = fmt::format(R"({{"page":"/p/{}","user":{},"text":")", n % 97, n);
  if (text.size() + 2 < bytes) text.append(bytes - 2 - text.size(), 'x');
  return text += "\"}";
}

}  // namespace

Session::Session(const Login& login) : connection_(amqp_new_connection()) {
  amqp_socket_t* const socket = amqp_tcp_socket_new(connection_);
  const auto colon = login.address.rfind(':');
  const int port = std::atoi(login.address.c_str() + colon + 1);
  require(amqp_socket_open(socket, login.address.substr(0, colon).c_str(), port) == 0,
          "cannot connect to the broker");
  const auto entered =
      amqp_login(connection_, "/", 0, AMQP_DEFAULT_FRAME_SIZE, 0, AMQP_SASL_METHOD_PLAIN,
                 login.username.c_str(), login.password.c_str());
  require(entered.reply_type == AMQP_RESPONSE_NORMAL, "the broker refuses the login");
  amqp_channel_open(connection_, 1);
  check("a channel");
}

Session::~Session() { amqp_destroy_connection(connection_); }

void Session::check(const char* what) const {
  require(amqp_get_rpc_reply(connection_).reply_type == AMQP_RESPONSE_NORMAL,
          fmt::format("the broker refuses {}", what));
}

Broker::Broker() {
  std::array<int, 2> in{}, out{};
  require(::pipe2(in.data(), O_CLOEXEC) == 0 && ::pipe2(out.data(), O_CLOEXEC) == 0,
          "cannot make a pipe");
  lifeline_ = Descriptor(in[1]);
  const Descriptor its_in(in[0]), answers(out[0]);
  Descriptor its_out(out[1]);
  std::string program = BENCH_BROKER, option = "--queue", name = queue;
  std::array<char*, 4> arguments{program.data(), option.data(), name.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, its_in.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, its_out.get(), STDOUT_FILENO);
  const int error =
      posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  require(error == 0, "cannot start " + program);
  its_out = Descriptor();
  const std::string line = first_line(answers.get());
  login_ = {field(line, "address"), field(line, "username"), field(line, "password")};
}

Broker::~Broker() {
  lifeline_ = Descriptor();
  int status = 0;
  ::waitpid(pid_, &status, 0);
}

void Broker::fill(std::uint64_t count, std::size_t bytes) const {
  const Session session(login_);
  amqp_connection_state_t const connection = session.get();
  amqp_confirm_select(connection, 1);
  session.check("confirms");
  std::uint64_t sent = 0, confirmed = 0;
  while (confirmed < count) {
    for (; sent < count && sent - confirmed < unconfirmed_max; ++sent) {
      const std::string body = click(sent, bytes), id = std::to_string(sent);
      amqp_basic_properties_t properties{};
      properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG;
      properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
      properties.message_id = amqp_cstring_bytes(id.c_str());
      const int status = amqp_basic_publish(
          connection, 1, amqp_empty_bytes, amqp_cstring_bytes(queue), 0, 0, &properties,
          amqp_bytes_t{body.size(), const_cast<char*>(body.data())});
      require(status == 0, "cannot publish");
    }
    amqp_frame_t frame;
    require(amqp_simple_wait_frame(connection, &frame) == 0, "the broker confirms nothing");
    if (frame.frame_type == AMQP_FRAME_METHOD && frame.payload.method.id == AMQP_BASIC_ACK_METHOD) {
      const auto& ack = *static_cast<const amqp_basic_ack_t*>(frame.payload.method.decoded);
      confirmed = ack.multiple != 0 ? ack.delivery_tag : confirmed + 1;
    }
    amqp_maybe_release_buffers(connection);
  }
}

std::uint64_t Broker::left() const {
  const Session session(login_);
  const auto* const found =
      amqp_queue_declare(session.get(), 1, amqp_cstring_bytes(queue), 1, 0, 0, 0, amqp_empty_table);
  session.check("a look at the queue");
  return found->message_count;
}

}  // namespace tidemill::bench
