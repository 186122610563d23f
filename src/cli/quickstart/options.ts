export interface QuickstartOptions {
  out: string;
  fresh?: boolean;
}
