import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

import { EngineError, ERROR_CODES } from '../core/errors.js';
import { API_ERRORS, ApiError, type ApiErrorCode } from './api-error.js';
import { OverloadedError } from './overloaded-error.js';

/** The form of every error response. OpenAI's clients understand it. */
export interface ErrorBody {
  error: { message: string; type: string; code: string; param: string | null };
}

export interface ErrorAnswer {
  status: number;
  body: ErrorBody;
  retryAfter?: number | undefined;
}

interface ValidationError {
  keyword: string;
  instancePath: string;
  message?: string;
  params: Record<string, unknown>;
}

/** Errors of fastify before it reaches a route. */
const BY_STATUS: Readonly<Record<number, ApiErrorCode>> = {
  404: 'not_found',
  413: 'body_too_large',
};

/**
 * Creates the response to an error.
 *
 * @param where id of the request in the log. The response contains it in place of messages that would reveal details of
 *   the server
 */
export function answerTo(error: unknown, where: string): ErrorAnswer {
  if (error instanceof ApiError) return answer(error.statusCode, error.code, error.message, null, error.retryAfter);
  if (error instanceof OverloadedError)
    return answer(error.httpStatus, error.code, error.message, null, error.retryAfter);
  if (error instanceof EngineError) {
    const { httpStatus, code, message } = error;
    return answer(
      httpStatus,
      code,
      httpStatus < 500 ? message : `The request failed in the server (${code}); its log gives the reason at ${where}`,
    );
  }
  const { validation, statusCode = 500, message } = error as Partial<FastifyError> & Error;
  if (validation && validation.length > 0) return invalid(validation);
  if (statusCode === 415)
    return answer(
      statusCode,
      'unsupported_media_type',
      'Expected JSON with the header "Content-Type: application/json"',
    );
  if (statusCode >= 400 && statusCode < 500) return answer(statusCode, BY_STATUS[statusCode] ?? 'bad_request', message);
  return answer(
    500,
    'ERR_INTERNAL',
    `The request failed in the server (ERR_INTERNAL); its log gives the reason at ${where}`,
  );
}

/**
 * Sends the response to an error. If the error is the server's fault, logs it with its stack; otherwise logs no text.
 */
export function sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { status, body, retryAfter } = answerTo(error, request.id);
  if (status >= 500 && !(error instanceof OverloadedError) && !(error instanceof ApiError))
    request.log.error({ err: error }, 'request failed');
  if (retryAfter !== undefined) void reply.header('retry-after', retryAfter);
  // Nobody reads the rest of a body that is too large.
  if (error instanceof ApiError && error.code === 'body_too_large') void reply.header('connection', 'close');
  if (status === 401) void reply.header('www-authenticate', 'Bearer');
  void reply.code(status).send(body);
}

/** Responds to a request that reaches no route because it is not HTTP, too long or too slow. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  const code: ApiErrorCode =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? 'headers_too_large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 'request_timeout'
        : 'bad_request';
  const { status, body } = answer(API_ERRORS[code], code, 'The request is invalid HTTP, too large or too slow');
  // A socket that has started a response cannot start another one.
  if (
    socket.writable &&
    error.code !== 'ECONNRESET' &&
    !(socket as Socket & { _httpMessage?: ServerResponse })._httpMessage?.headersSent
  ) {
    const text = JSON.stringify(body);
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
        `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
    );
  }
  socket.destroy();
}

function answer(
  status: number,
  code: string,
  message: string,
  param: string | null = null,
  retryAfter?: number,
): ErrorAnswer {
  return { status, body: { error: { message, type: typeOf(status), code, param } }, retryAfter };
}

function typeOf(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 429) return 'rate_limit_error';
  return status < 500 ? 'invalid_request_error' : 'server_error';
}

/**
 * Describes a validation error. If several alternatives failed, the client meant the one that matched most deeply,
 * which has at least the right type.
 */
function invalid(errors: readonly ValidationError[]): ErrorAnswer {
  const specific = errors.filter(({ keyword }) => keyword !== 'anyOf' && keyword !== 'if');
  const depth = ({ instancePath, keyword: failed }: ValidationError): number =>
    instancePath.split('/').length + (failed === 'type' ? 0 : 0.5);
  const {
    keyword,
    instancePath,
    message = 'is not valid',
    params,
  } = [...(specific.length > 0 ? specific : errors)].sort((a, b) => depth(b) - depth(a))[0]!;
  const param = instancePath.slice(1).replaceAll('/', '.') || null;
  const unknown = keyword === 'additionalProperties' ? `: "${String(params['additionalProperty']).slice(0, 40)}"` : '';
  const code = ['type', 'required', 'additionalProperties', 'anyOf'].includes(keyword)
    ? 'ERR_ARG_TYPE'
    : 'ERR_ARG_RANGE';
  return answer(ERROR_CODES[code].http, code, `${param ?? 'The body'} ${message}${unknown}`, param);
}
