import type { DescMessage, Message } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator, type Validator, type Violation, violationsToProto } from "@bufbuild/protovalidate";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";

/** Violations named in the message, and those in the detail: an error is no place for a long list. */
const MAX_IN_MESSAGE = 3;
const MAX_IN_DETAIL = 20;

/**
 * Checks every request message against the rules that its contract states. A violation is FIELD_INVALID with a
 * buf.validate.Violations detail.
 */
export function validationInterceptor(): Interceptor {
  const validator = createValidator();
  return (next) => async (request) => {
    if (request.stream) {
      return next({ ...request, message: validated(validator, request.method.input, request.message) });
    }
    assertValid(validator, request.method.input, request.message);
    return next(request);
  };
}

async function* validated<T extends Message>(
  validator: Validator,
  schema: DescMessage,
  messages: AsyncIterable<T>,
): AsyncGenerator<T> {
  for await (const message of messages) {
    assertValid(validator, schema, message);
    yield message;
  }
}

function assertValid(validator: Validator, schema: DescMessage, message: Message): void {
  const result = validator.validate(schema, message);
  if (result.kind === "error") throw result.error;
  if (result.kind === "valid") return;
  const { violations } = result;
  const named = violations.slice(0, MAX_IN_MESSAGE).map(describe).join("; ");
  const more = violations.length > MAX_IN_MESSAGE ? `; and ${violations.length - MAX_IN_MESSAGE} more` : "";
  const [value, desc] = violationsToProto(violations.slice(0, MAX_IN_DETAIL));
  throw new ConnectError(named + more, Code.InvalidArgument, undefined, [{ desc, value }]);
}

function describe(violation: Violation): string {
  const path = pathToString(violation.field);
  return path === "" ? violation.message : `${path} ${violation.message}`;
}
