/** Errors that only the HTTP server has, with their status; all others are EngineErrors. */
export const API_ERRORS = {
  bad_request: 400,
  invalid_api_key: 401,
  cross_site: 403,
  read_only: 403,
  role_required: 403,
  not_found: 404,
  model_not_found: 404,
  no_index: 404,
  request_timeout: 408,
  body_too_large: 413,
  response_too_large: 413,
  unsupported_media_type: 415,
  unknown_host: 421,
  rate_limited: 429,
  headers_too_large: 431,
  draining: 503,
} as const;

export type ApiErrorCode = keyof typeof API_ERRORS;

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly statusCode: number;

  constructor(
    readonly code: ApiErrorCode,
    message: string,
    /** Integral seconds for the header Retry-After. */
    readonly retryAfter?: number,
  ) {
    super(message);
    this.statusCode = API_ERRORS[code];
  }
}
