#include "core/http/access.h"

#include <gtest/gtest.h>

namespace tidemill {
namespace {

unsigned status(Door door, std::string_view token, const Credentials& sent) {
  const auto refused = refusal(door, token, sent);
  return refused ? refused->status : 200;
}

TEST(Access, TheSocketFilesModeIsGuardEnough) {
  EXPECT_EQ(status(Door::unix_socket, "", {}), 200U);
  EXPECT_EQ(status(Door::unix_socket, "secret", {.host = "anything"}), 200U);
}

TEST(Access, ALoopbackListenerKnowsOnlyLoopbackNames) {
  for (const char* host : {"localhost", "localhost:8787", "127.0.0.1:8787", "[::1]:8787", "[::1]"})
    EXPECT_EQ(status(Door::tcp, "", {.host = host}), 200U) << host;
  for (const char* host : {"", "evil.example", "evil.example:8787", "localhost.evil.example:8787",
                           "127.0.0.1.evil.example", "[::1", "[::2]:8787"})
    EXPECT_EQ(status(Door::tcp, "", {.host = host}), 403U) << host;
}

TEST(Access, APageOfAnotherOriginIsRefusedEvenWithTheToken) {
  const std::string_view host = "localhost:8787";
  EXPECT_EQ(status(Door::tcp, "", {.host = host, .origin = "http://localhost:8787"}), 200U);
  for (const char* origin :
       {"http://evil.example", "null", "http://localhost:9", "localhost:8787"}) {
    EXPECT_EQ(status(Door::tcp, "", {.host = host, .origin = origin}), 403U) << origin;
    EXPECT_EQ(status(Door::tcp, "t", {.host = host, .origin = origin, .authorization = "Bearer t"}),
              403U);
  }
}

TEST(Access, WithATokenEveryTcpPeerMustSendIt) {
  for (const char* sent :
       {"", "Bearer", "Bearer wrong", "Bearer secre", "Bearer secret2", "secret", "Basic secret"})
    EXPECT_EQ(status(Door::tcp, "secret", {.host = "localhost", .authorization = sent}), 401U)
        << sent;
  EXPECT_EQ(
      status(Door::tcp, "secret", {.host = "tidemill.internal", .authorization = "Bearer secret"}),
      200U);
}

TEST(Access, TheTokenMayBeThePasswordOfBasic) {
  const auto sent = [](std::string_view authorization) {
    return status(Door::tcp, "secret", {.host = "localhost", .authorization = authorization});
  };
  EXPECT_EQ(sent("Basic cmd3OnNlY3JldA=="), 200U);  // rgw:secret
  EXPECT_EQ(sent("Basic OnNlY3JldA=="), 200U);      // :secret
  for (const char* wrong :
       {"Basic", "Basic ", "Basic c2VjcmV0", "Basic cmd3OnNlY3JldA=", "Basic ????",
        "Basic cmd3Ondyb25n", "Basic ====", "basic cmd3OnNlY3JldA=="})
    EXPECT_EQ(sent(wrong), 401U) << wrong;
}

}  // namespace
}  // namespace tidemill
