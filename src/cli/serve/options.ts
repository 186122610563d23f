import type { EncoderCliOptions } from '../encoder-options.js';

export interface ServeCliOptions extends EncoderCliOptions {
  index?: string;
  encoder?: string;
  host: string;
  allowedHost?: string[];
  port: number;
  apiKeyFile?: string;
  readOnly?: boolean;
  rateLimit: number;
  maxRequests: number;
  maxTexts: number;
  maxTextLength: number;
  maxBody: number;
  maxResponse: number;
  maxInFlight: number;
  writeTimeout: number;
  maxK: number;
  batchTokens: number;
  batchWait: number;
  queueTokens: number;
  drainDelay: number;
  drainTimeout: number;
  logLevel: string;
  logTexts?: boolean;
  json?: boolean;
}
