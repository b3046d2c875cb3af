import type { DescMessage, Message } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator, type Violation, violationsToProto } from "@bufbuild/protovalidate";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";

/** Violations named in the message, and those in the detail: an error is no place for a long list. */
const MAX_IN_MESSAGE = 3;
const MAX_IN_DETAIL = 20;

/** It keeps what it has worked out for each message type. */
const validator = createValidator();

/**
 * Checks every request message against the rules that its contract states. A violation is FIELD_INVALID with a
 * buf.validate.Violations detail.
 */
export function validationInterceptor(): Interceptor {
  return (next) => async (request) => {
    if (request.stream) {
      return next({ ...request, message: validated(request.method.input, request.message) });
    }
    assertValid(request.method.input, request.message);
    return next(request);
  };
}

async function* validated<T extends Message>(
  schema: DescMessage,
  messages: AsyncIterable<T>,
): AsyncGenerator<T> {
  for await (const message of messages) {
    assertValid(schema, message);
    yield message;
  }
}

/**
 * What rules of its contract a message breaks, in words; undefined for none. For a message whose bytes stand in
 * another one, which the interceptor does not look into.
 */
export function violationsOf(schema: DescMessage, message: Message): string | undefined {
  const result = validator.validate(schema, message);
  if (result.kind === "error") throw result.error;
  return result.kind === "valid" ? undefined : named(result.violations);
}

function assertValid(schema: DescMessage, message: Message): void {
  const result = validator.validate(schema, message);
  if (result.kind === "error") throw result.error;
  if (result.kind === "valid") return;
  const { violations } = result;
  const [value, desc] = violationsToProto(violations.slice(0, MAX_IN_DETAIL));
  throw new ConnectError(named(violations), Code.InvalidArgument, undefined, [{ desc, value }]);
}

function named(violations: readonly Violation[]): string {
  const first = violations.slice(0, MAX_IN_MESSAGE).map(describe).join("; ");
  return violations.length > MAX_IN_MESSAGE
    ? `${first}; and ${violations.length - MAX_IN_MESSAGE} more`
    : first;
}

function describe(violation: Violation): string {
  const path = pathToString(violation.field);
  return path === "" ? violation.message : `${path} ${violation.message}`;
}
